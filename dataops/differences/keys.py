"""Which columns tell a table's rows apart, as the dbt project declares it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dataops.landing import parse_landing
from dataops.manifest import REFERABLE, Manifest
from ml.errors import UsageError
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.tables import PREDICTIONS_SCHEMA, SHADOW_SCHEMA

# What generic tests of a unique combination call their columns, in dbt_utils and elsewhere.
COMBINATIONS = ("columns", "combination_of_columns", "column_names")
# What the loader makes sure of: no two rows of a landing table share file and row.
LANDED = ("_file", "_row")

Node = Mapping[str, Any]
Key = tuple[str, ...]


def primary_keys(manifest: Manifest, specs: Iterable[ModelSpec] = ()) -> dict[Relation, Key]:
    """Return the key of each relation of which the project declares one.

    The first that is there counts: a primary_key constraint, ``config.meta.key``, a ``unique``
    test, a test of a unique combination. A landing table's rows are known by their file and row;
    the tables of the ML models ``specs`` by the key scored and the date.
    """
    keys: dict[Relation, Key] = {}
    for spec in specs:
        keys[Relation(PREDICTIONS_SCHEMA, spec.name)] = (*spec.score.key, "as_of_date")
        keys[Relation(SHADOW_SCHEMA, spec.name)] = (*spec.score.key, "as_of_date", "model_version")
    tested = _tested(manifest)
    for id_, node in _nodes(manifest):
        key = _constrained(node) or _declared(node) or tested.get(id_)
        if node["resource_type"] == "source" and parse_landing(node) is not None:
            key = LANDED
        if key:
            keys.setdefault(_relation(node), key)
    return keys


def _nodes(manifest: Manifest) -> Iterator[tuple[str, Node]]:
    for id_, node in manifest.raw["nodes"].items():
        if node["resource_type"] in REFERABLE:
            yield id_, node
    yield from manifest.raw["sources"].items()


def _relation(node: Node) -> Relation:
    name = node.get("alias") or node.get("identifier") or node["name"]
    return Relation(node["schema"], name)


def _constrained(node: Node) -> Key:
    """Return the columns of a primary_key constraint, of the table or of its columns."""
    for constraint in node.get("constraints") or []:
        if constraint["type"] == "primary_key" and constraint.get("columns"):
            return tuple(constraint["columns"])
    return tuple(
        column["name"]
        for column in (node.get("columns") or {}).values()
        if any(each["type"] == "primary_key" for each in column.get("constraints") or [])
    )


def _declared(node: Node) -> Key:
    """Return ``meta.key``; UsageError where it is no list of names."""
    meta = {**(node.get("meta") or {}), **((node.get("config") or {}).get("meta") or {})}
    key = meta.get("key")
    if key is None:
        return ()
    names = [key] if isinstance(key, str) else key
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(
            f"{_relation(node)}: meta.key is {key!r}; it must be a column's name or a list of them",
            fix=f"fix {node.get('original_file_path', 'its YAML')}, then: dbt parse",
        )
    return tuple(names)


def _tested(manifest: Manifest) -> dict[str, Key]:
    """Return by a node's id the key its tests hold: a unique column, or else a combination.

    Of several unique columns the first that may not be null is taken: `unique` overlooks nulls.
    """
    filled: set[tuple[str, Key]] = set()
    single: dict[str, list[Key]] = {}
    combined: dict[str, Key] = {}
    for node, name, key in _tests(manifest):
        if name == "not_null":
            filled.add((node, key))
        elif name == "unique":
            single.setdefault(node, []).append(key)
        else:
            combined.setdefault(node, key)
    chosen = {
        node: next((key for key in found if (node, key) in filled), found[0])
        for node, found in single.items()
    }
    return combined | chosen


def _tests(manifest: Manifest) -> Iterator[tuple[str, str, Key]]:
    """Return each generic test of all rows that says something of a key: node, test, columns."""
    for test in manifest.raw["nodes"].values():
        metadata = test.get("test_metadata")
        if test["resource_type"] != "test" or not metadata or test["config"].get("where"):
            continue
        key = _columns_of(metadata)
        read = [test["attached_node"]] if test.get("attached_node") else test["depends_on"]["nodes"]
        if key and len(read) == 1:
            yield read[0], metadata["name"], key


def _columns_of(metadata: Mapping[str, Any]) -> Key:
    name, arguments = metadata["name"], metadata.get("kwargs") or {}
    if name in ("unique", "not_null"):
        columns: object = [arguments.get("column_name")]
    elif "unique" in name:
        columns = next((arguments[each] for each in COMBINATIONS if each in arguments), None)
    else:
        return ()
    if not isinstance(columns, list) or not all(isinstance(column, str) for column in columns):
        return ()
    return tuple(_bare(column) for column in columns)


def _bare(column: str) -> str:
    """Return a column's name without the quotes dbt asks for around some."""
    if len(column) > 1 and column[0] == column[-1] == '"':
        return column[1:-1].replace('""', '"')
    return column
