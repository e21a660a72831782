"""What a dbt source says about its files: ``config.meta.landing``, parsed and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ml.errors import UsageError
from ml.names import listed
from ml.relation import Relation

FORMATS = ("csv", "jsonl", "json", "parquet", "text", "blob")
KEYS = ("path", "format", "key", "delivered_at", "optional", "delimiter")
RESERVED = ("_file", "_row", "_delivered_at", "_loaded_at")
WHOLE_FILE_TYPES = {
    "text": {"content": ("varchar", "text", "string"), "size_bytes": ("bigint", "int8", "long")},
    "blob": {"content": ("blob", "bytea", "binary"), "size_bytes": ("bigint", "int8", "long")},
}


@dataclass(frozen=True)
class Column:
    """A declared column; ``type`` is a DuckDB type as the YAML has it."""

    name: str
    type: str


@dataclass(frozen=True)
class LandingSource:
    """One dbt source table that is filled from files."""

    name: str
    relation: Relation
    file: str
    path: str
    format: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    delivered_at: str | None = None
    optional: tuple[str, ...] = ()
    delimiter: str = ","

    @property
    def column_names(self) -> tuple[str, ...]:
        """The declared columns' names, in the order of the YAML."""
        return tuple(column.name for column in self.columns)

    def error(self, problem: str, *, fix: str | None = None) -> UsageError:
        """Return the error of a wrong declaration, naming its source and its file."""
        return UsageError(
            f"source {self.name}: {problem}", fix=fix or f"fix {self.file}, then: dbt parse"
        )


def parse_landing(source_node: Mapping[str, Any]) -> LandingSource | None:
    """Return what a source node of a dbt manifest declares under ``landing``; None if nothing.

    Raises UsageError, naming the YAML file and the source, for anything that cannot be meant.
    """
    config = source_node.get("config") or {}
    meta = {**(source_node.get("meta") or {}), **(config.get("meta") or {})}
    if "landing" not in meta:
        return None
    bare = LandingSource(
        name=f"{source_node['source_name']}.{source_node['name']}",
        relation=Relation(
            source_node["schema"], source_node.get("identifier") or source_node["name"]
        ),
        file=str(source_node.get("original_file_path", "the sources' YAML")),
        path="",
        format="",
        columns=(),
    )
    declared = _mapping(bare, meta["landing"])
    source = LandingSource(
        name=bare.name,
        relation=bare.relation,
        file=bare.file,
        path=_path(bare, declared),
        format=_format(bare, declared),
        columns=_columns(bare, source_node.get("columns") or {}),
        key=_names(bare, declared, "key"),
        delivered_at=_text(bare, declared, "delivered_at"),
        optional=_names(bare, declared, "optional"),
        delimiter=_delimiter(bare, declared),
    )
    _check_references(source)
    _check_format(source, declared)
    return source


def _mapping(source: LandingSource, declared: object) -> Mapping[str, Any]:
    if not isinstance(declared, Mapping):
        raise source.error(f"landing is {declared!r}; it must be a mapping of: {', '.join(KEYS)}")
    for key in declared:
        if key not in KEYS:
            allowed = listed(str(key), KEYS)
            raise source.error(f"landing has the unknown key {key!r}; it may have: {allowed}")
    return declared


def _text(source: LandingSource, declared: Mapping[str, Any], key: str) -> str | None:
    value = declared.get(key)
    if value is not None and (not isinstance(value, str) or not value):
        raise source.error(f"landing.{key} is {value!r}; it must be a text that is not empty")
    return value


def _path(source: LandingSource, declared: Mapping[str, Any]) -> str:
    path = _text(source, declared, "path")
    if path is None:
        raise source.error("landing has no path; it must be a glob such as shop/orders/*.csv")
    parts = PurePosixPath(path).parts
    is_outside = path.startswith("/") or ".." in parts or "\\" in path or "\0" in path
    if not parts or is_outside:
        raise source.error(
            f"landing.path is {path!r}; it must stay below the landing folder: "
            "relative, with '/' between folders and no '..'"
        )
    if wrong := [part for part in parts if "**" in part and part != "**"]:
        raise source.error(f"landing.path has {wrong[0]!r}; '**' can only be a folder's whole name")
    return path


def _format(source: LandingSource, declared: Mapping[str, Any]) -> str:
    name = declared.get("format")
    if name not in FORMATS:
        allowed = listed(str(name), FORMATS)
        raise source.error(f"landing.format is {name!r}; it may be: {allowed}")
    return str(name)


def _names(source: LandingSource, declared: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = declared.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise source.error(f"landing.{key} is {value!r}; it must be a list of column names")
    if len(set(value)) < len(value):
        raise source.error(f"landing.{key} is {value!r}; it names a column twice")
    return tuple(value)


def _delimiter(source: LandingSource, declared: Mapping[str, Any]) -> str:
    value = declared.get("delimiter", ",")
    if not (isinstance(value, str) and len(value) == 1 and value.isascii()) or value in '"\r\n\0 ':
        raise source.error(
            f"landing.delimiter is {value!r}; it must be one ASCII character, "
            "and not a quote, a space or a line end"
        )
    return value


def _columns(source: LandingSource, nodes: Mapping[str, Mapping[str, Any]]) -> tuple[Column, ...]:
    if not nodes:
        raise source.error("it declares no columns; each needs a name and a data_type")
    columns: dict[str, Column] = {}
    for key, node in nodes.items():
        name, data_type = str(node.get("name") or key), node.get("data_type")
        if not isinstance(data_type, str) or not data_type.strip():
            raise source.error(f"column {name!r} has no data_type; it must be a DuckDB type")
        if name.casefold() in RESERVED or "\0" in name:
            raise source.error(
                f"column {name!r} cannot be declared: ingest writes {', '.join(RESERVED)} itself"
            )
        if name.casefold() in columns:
            other = columns[name.casefold()].name
            raise source.error(f"columns {other!r} and {name!r} differ by case only")
        columns[name.casefold()] = Column(name, data_type.strip())
    return tuple(columns.values())


def _check_references(source: LandingSource) -> None:
    """Refuse names of columns that are not declared, and a delivery time that is no time."""
    delivered = [source.delivered_at] if source.delivered_at else []
    for key, names in (
        ("key", source.key),
        ("delivered_at", delivered),
        ("optional", source.optional),
    ):
        for name in names:
            if name not in source.column_names:
                allowed = listed(name, source.column_names)
                raise source.error(
                    f"landing.{key} names {name!r}, which is not among its columns: {allowed}"
                )
    if both := sorted(set(source.key) & set(source.optional)):
        raise source.error(f"column {both[0]!r} is in landing.key and so cannot be optional")
    types = {column.name: column.type for column in source.columns}
    if source.delivered_at and not types[source.delivered_at].casefold().startswith(
        ("date", "timestamp")
    ):
        raise source.error(
            f"landing.delivered_at names {source.delivered_at!r}, "
            f"which is {types[source.delivered_at]}; it must be a date or a timestamp"
        )


def _check_format(source: LandingSource, declared: Mapping[str, Any]) -> None:
    """Refuse what the format cannot give."""
    if "delimiter" in declared and source.format != "csv":
        raise source.error(f"landing.delimiter is for csv; the format is {source.format}")
    types = WHOLE_FILE_TYPES.get(source.format)
    for column in source.columns if types else ():
        allowed = types.get(column.name) if types else None
        if allowed is None:
            has = ", ".join(types or ())
            raise source.error(
                f"column {column.name!r} cannot be had from a {source.format} file, "
                f"which is one row of: {has}"
            )
        if column.type.casefold() not in allowed:
            raise source.error(
                f"column {column.name!r} is {column.type}; in a {source.format} file "
                f"it must be {allowed[0]}"
            )
