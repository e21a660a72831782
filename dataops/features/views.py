"""The feature views of a project, read from its manifest and checked before anything runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from dataops.features.declaration import FeatureView
from dataops.manifest import REFERABLE, Manifest
from ml.declaration.refusals import explain, shown
from ml.errors import UsageError
from ml.names import listed
from ml.relation import Relation

META = "feature_view"
TOP = f"config.meta.{META}"
# The test of the macros, and the argument that holds the columns of the tests others bring.
ONE_ROW = "one_row_per_event"
_UNIQUE = {
    "unique": "column_name",
    "unique_combination": "columns",
    "unique_combination_of_columns": "combination_of_columns",
}
_TIMES = ("date", "timestamp", "datetime")


@dataclass(frozen=True)
class View:
    """A feature view: a SQL model with its declaration.

    ``features`` maps the described columns that are neither key nor time to their descriptions.
    """

    name: str
    file: str
    relation: Relation
    owner: str
    declared: FeatureView
    features: Mapping[str, str]

    @property
    def told(self) -> dict[str, Any]:
        """What the macro ``feature_views`` tells of it."""
        return {
            "entity": list(self.declared.entity),
            "event_time": self.declared.event_time,
            "known_time": self.declared.known_time,
            "ttl": self.declared.ttl,
            "features": list(self.features),
        }


def feature_views(manifest: Manifest) -> dict[str, View]:
    """Return the feature views of a project by name.

    Raises UsageError naming, for each one that is declared wrongly, its file and what is wrong.
    """
    views, problems = {}, []
    for node in manifest.raw["nodes"].values():
        if node["resource_type"] in REFERABLE and META in (node["config"].get("meta") or {}):
            reader = _Reader(node, manifest)
            if told := list(reader.problems()):
                problems += [f"feature view '{node['name']}' in {reader.file}: {t}" for t in told]
            else:
                views[node["name"]] = reader.view()
    if problems:
        raise UsageError("\n".join(problems), fix="correct what is named, then: dbt parse")
    return views


class _Reader:
    """Reads the declaration of one model."""

    def __init__(self, node: Mapping[str, Any], manifest: Manifest) -> None:
        self._node = node
        self._manifest = manifest
        self._meta = node["config"]["meta"]
        self._columns: Mapping[str, Mapping[str, Any]] = node["columns"]
        self.file = str(node.get("patch_path") or node["original_file_path"]).split("://")[-1]

    def view(self) -> View:
        """Return the view; there must be no problems."""
        declared = FeatureView.model_validate(self._meta[META])
        return View(
            name=self._node["name"],
            file=self.file,
            relation=Relation(self._node["schema"], self._node["alias"]),
            owner=str(declared.owner or self._meta["owner"]),
            declared=declared,
            features={
                name: self._columns[name]["description"] for name in self._features(declared)
            },
        )

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with the declaration, a line each."""
        met = self._meta[META]
        if not isinstance(met, Mapping):
            yield f"{TOP} is {shown(met)}; allowed: a mapping of: {', '.join(_keys())}"
            return
        try:
            declared = FeatureView.model_validate(met)
        except ValidationError as error:
            yield from explain(error, FeatureView, TOP)
            return
        yield from self._columns_missing(declared)
        yield from self._times_of_another_type(declared)
        yield from self._features_not_described(declared)
        if not declared.owner and not self._meta.get("owner"):
            yield f"it has no owner; allowed: {TOP}.owner, or meta.owner of the model"
        if not self._is_unique(declared):
            yield (
                "nothing holds it to one row per entity, event time and known time, so of two rows "
                f"none would be the newer; add `data_tests: [{ONE_ROW}]` to the model"
            )

    def _columns_missing(self, declared: FeatureView) -> Iterator[str]:
        named = [(f"entity[{at}]", name) for at, name in enumerate(declared.entity)]
        named += [("event_time", declared.event_time), ("known_time", declared.known_time)]
        for key, name in named:
            if name not in self._columns:
                allowed = listed(name, self._columns)
                yield f"{key} is '{name}', no described column; it has: {allowed}"
        for name in (declared.event_time, declared.known_time):
            if name in declared.entity:
                yield f"'{name}' is in entity and a time; allowed: one of both"

    def _times_of_another_type(self, declared: FeatureView) -> Iterator[str]:
        for key in ("event_time", "known_time"):
            column = self._columns.get(getattr(declared, key), {})
            kind = str(column.get("data_type") or "timestamp").lower()
            if not kind.startswith(_TIMES):
                yield f"{key} is '{column['name']}', which is {kind}; allowed: date or timestamp"

    def _features_not_described(self, declared: FeatureView) -> Iterator[str]:
        features = self._features(declared)
        if not features:
            yield "it has no feature; describe each under columns"
        for name in features:
            if not str(self._columns[name].get("description") or "").strip():
                yield f"feature '{name}' has no description; write one under columns"

    def _features(self, declared: FeatureView) -> list[str]:
        own = {*declared.entity, declared.event_time, declared.known_time}
        return [name for name in self._columns if name not in own]

    def _is_unique(self, declared: FeatureView) -> bool:
        grain = {*declared.entity, declared.event_time, declared.known_time}
        for node in self._manifest.raw["nodes"].values():
            test = node.get("test_metadata")
            if not test or node.get("attached_node") != self._node["unique_id"]:
                continue
            if test["name"] == ONE_ROW:
                return True
            columns = _tested(test)
            if columns and set(columns) <= grain:
                return True
        return False


def _tested(test: Mapping[str, Any]) -> Sequence[str]:
    """Return the columns that a test holds to be unique together; none if it is another test."""
    argument = _UNIQUE.get(test["name"])
    kwargs = test["kwargs"]
    value = kwargs.get(argument) or (kwargs.get("arguments") or {}).get(argument) or []
    return [value] if isinstance(value, str) else value


def _keys() -> list[str]:
    return list(FeatureView.model_fields)
