"""From what a person types to what is to be written: names looked up, gaps filled."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dataops.features.views import View
from dataops.manifest import REFERABLE, Manifest
from dataops.scaffold.asked import AGGREGATES, Aggregate, AskedFeature, Column, Moments
from dataops.scaffold.checks import (
    check_examples,
    check_name,
    check_window,
    chosen,
    not_twice,
    time_of,
)
from dataops.scaffold.feature_sql import must_be_quoted
from ml.columns import describe
from ml.errors import UsageError
from ml.names import listed
from ml.relation import Relation
from ml.tables import exists

# What ingest and the models on it call the times of a fact (docs/ingest.md).
KNOWN, SUPERSEDED = "_delivered_at", "_superseded_at"
PREFIX = "ftr_"
_WORDS = {
    "count": "How many rows of {source}", "count_distinct": "How many values of {column}",
    "sum": "Sum of {column}", "avg": "Mean of {column}", "min": "Least {column}",
    "max": "Greatest {column}",
}  # fmt: skip


@dataclass(frozen=True)
class Typed:
    """The options of the command as they were typed; None is what was left out."""

    name: str
    entity: Sequence[str]
    source: str
    time: str
    known: str | None = None
    aggregate: str = "count"
    window: str = "30 days"
    moments: str | None = None
    ttl: str | None = None
    owner: str | None = None
    description: str | None = None


class Resolver:
    """Looks names up in a project's manifest, and types where the manifest has none in a release.

    ``connection`` is None without a release.
    """

    def __init__(
        self,
        manifest: Manifest,
        views: Mapping[str, View],
        connection: duckdb.DuckDBPyConnection | None,
    ) -> None:
        self._nodes = {
            node["name"]: node
            for node in manifest.raw["nodes"].values()
            if node["resource_type"] in REFERABLE
        }
        self._views = views
        self._connection = connection

    def asked(self, typed: Typed) -> AskedFeature:
        """Return the feature to write; raises UsageError naming what is unknown or not allowed."""
        name = typed.name.removeprefix(PREFIX)
        view = self._new_view(name, typed.name)
        columns = self.columns(typed.source, "--from")
        entity = tuple(chosen(columns, each, "--entity") for each in typed.entity)
        aggregate = self._aggregate(typed, columns)
        check_examples(entity, aggregate)
        time = time_of(columns, typed.time, "--time")
        check_window(typed.window, time)
        known = self._known(typed, columns)
        moments = self._moments(typed, [column.name for column in entity])
        return not_twice(
            AskedFeature(
                name=name,
                view=view,
                description=typed.description or _description(typed, aggregate),
                owner=self._owner(typed),
                says_owner=typed.owner is not None or not self._folder_says_owner(),
                entity=entity,
                source=typed.source,
                time=time,
                known=None if known == time else known,
                superseded=columns.get(SUPERSEDED) if known else None,
                aggregate=aggregate,
                window=typed.window,
                moments=moments,
                ttl=typed.ttl or ("0 days" if moments else "1 day"),
            )
        )

    def _new_view(self, name: str, typed: str) -> str:
        """Return what the view of the feature ``name`` is called; it must not be there yet."""
        check_name(name, typed)
        if must_be_quoted(name):
            raise UsageError(
                f"the name is '{typed}', and '{name}' is a word of SQL", fix="take another name"
            )
        view = PREFIX + name
        if view in self._nodes:
            raise UsageError(
                f"'{view}' is there already ({self._nodes[view]['original_file_path']})",
                fix=f"type: goldloop features show {view}, or take another name",
            )
        return view

    def _known(self, typed: Typed, columns: Mapping[str, Column]) -> Column | None:
        if typed.known or KNOWN in columns:
            return time_of(columns, typed.known or KNOWN, "--known")
        return None

    @property
    def folder(self) -> str | None:
        """The folder the feature views of the project stand in, None where there is none."""
        folders = [str(Path(str(each["original_file_path"])).parent) for each in self._siblings()]
        return max(folders, key=folders.count) if folders else None

    def columns(self, model: str, option: str) -> dict[str, Column]:
        """Return the columns of ``model`` by name.

        As its YAML describes them; those without a type, and those it leaves out unless a contract
        holds it to them, as they are in the release.
        """
        node = self._nodes.get(model)
        if node is None:
            raise UsageError(
                f"{option} is '{model}', no model of this project; it has: "
                f"{listed(model, self._nodes)}",
                fix=f"correct {option}",
            )
        found = self._typed(node)
        if not found:
            raise UsageError(
                f"nothing says what columns {model} has: its YAML describes none with a data_type "
                "and no release has it",
                fix="describe them, or type: goldloop run",
            )
        return found

    def _typed(self, node: Mapping[str, Any]) -> dict[str, Column]:
        built = self._built(Relation(node["schema"], node["alias"]))
        found = {}
        for name, column in node["columns"].items():
            kind = column.get("data_type") or built.get(name)
            if kind:
                says = " ".join(str(column.get("description") or "").split())
                found[name] = Column(name, _lower(str(kind)), says)
        for name, kind in built.items():
            found.setdefault(name, Column(name, _lower(kind)))
        return found

    def _built(self, relation: Relation) -> dict[str, str]:
        if self._connection is None or not exists(self._connection, relation):
            return {}
        columns = describe(self._connection, relation)
        return {name: column.type for name, column in columns.items()}

    def _aggregate(self, typed: Typed, columns: Mapping[str, Column]) -> Aggregate:
        how, _, name = typed.aggregate.partition(":")
        if how not in AGGREGATES or bool(name) == (how == "count"):
            allowed = ", ".join(
                each if each == "count" else f"{each}:COLUMN" for each in AGGREGATES
            )
            raise UsageError(
                f"--aggregate is '{typed.aggregate}'; allowed: {allowed}", fix="correct --aggregate"
            )
        if not name:
            return Aggregate(how, None)
        column = chosen(columns, name, "--aggregate")
        fit = AGGREGATES[1:] if column.is_number else ["count_distinct", "min", "max"]
        if column.known.kind in ("boolean", "text") or column.known.base == "UUID":
            fit = ["count_distinct"]
        if how not in fit:
            raise UsageError(
                f"--aggregate is '{typed.aggregate}' and {name} is {column.type}; allowed for it: "
                f"{', '.join(f'{each}:{name}' for each in fit)}",
                fix="correct --aggregate",
            )
        return Aggregate(how, column)

    def _moments(self, typed: Typed, entity: Sequence[str]) -> Moments | None:
        """Return the moments asked for, or those that the other views of the entity have."""
        if typed.moments is None:
            return next(self._usual_moments(entity), None)
        model, dot, name = typed.moments.partition(".")
        if not dot:
            raise UsageError(
                f"--at is '{typed.moments}'; allowed: MODEL.COLUMN", fix="correct --at"
            )
        return Moments(model, time_of(self.columns(model, "--at"), name, "--at"))

    def _usual_moments(self, entity: Sequence[str]) -> Iterator[Moments]:
        """Yield models that a view of ``entity`` reads for the moments its rows are as of."""
        for view in sorted(self._views.values(), key=lambda view: view.name):
            if set(view.declared.entity) != set(entity):
                continue
            for unique_id in self._nodes[view.name]["depends_on"]["nodes"]:
                model = unique_id.split(".")[-1]
                node = self._nodes.get(model) or {"columns": {}}
                moment = view.declared.event_time
                if moment not in node["columns"] or set(entity) & set(node["columns"]):
                    continue
                column = self._typed(node).get(moment)
                if column and column.known.kind == "time":
                    yield Moments(model, column)

    def _siblings(self) -> list[Mapping[str, Any]]:
        return [self._nodes[name] for name in self._views]

    def _folder_says_owner(self) -> bool:
        metas = [each["config"].get("meta") or {} for each in self._siblings()]
        return any("owner" in meta for meta in metas)

    def _owner(self, typed: Typed) -> str:
        owners = [view.owner for view in self._views.values()]
        meta = self._nodes[typed.source]["config"].get("meta") or {}
        found = typed.owner or (max(owners, key=owners.count) if owners else meta.get("owner"))
        if not found:
            raise UsageError(
                "nothing says who answers for the feature", fix="add: --owner 'Name of a team'"
            )
        return str(found)


def _lower(kind: str) -> str:
    """Return a type in small letters, the labels of an enum as they are."""
    return re.sub(r"('(?:[^']|'')*')|[^']", lambda at: at[1] or at[0].lower(), kind)


def _description(typed: Typed, aggregate: Aggregate) -> str:
    column = aggregate.column.name if aggregate.column else ""
    what = _WORDS[aggregate.how].format(source=typed.source, column=column)
    of = f" of {typed.source}" if column else ""
    when = "at any time before" if typed.window == "unlimited" else f"in the {typed.window} before"
    return f"{what}{of} {when}."
