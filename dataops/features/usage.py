"""Which ML models use a feature, and how much it matters to the version that scores."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from dataops.features.catalog import Feature, upstream
from dataops.features.uses import training_sets
from dataops.manifest import Manifest
from ml.judgement_tables import IMPORTANCES
from ml.spec import ModelSpec
from ml.tables import exists

if TYPE_CHECKING:
    from ml.versions.registry import ModelVersion

_Importances = Mapping[str, tuple[str, float]]


@dataclass(frozen=True)
class Use:
    """A model that learns from a feature, by the name it has in the training set.

    ``version``, ``importance`` and ``metric`` are those of the champion: by how much the metric
    suffers when the feature is shuffled. None where there is no champion or nothing was measured.
    """

    model: str
    column: str
    version: int | None
    importance: float | None
    metric: str | None


def uses(
    connection: duckdb.DuckDBPyConnection | None,
    manifest: Manifest,
    specs: Sequence[ModelSpec],
    features: Sequence[Feature],
) -> dict[str, list[Use]]:
    """Return the uses of each of ``features`` by its full name, the most important first.

    A model uses a feature if its training set is the view, or stands downstream of it, and has a
    column of the feature's name (with the prefix it was asked for by). What the champion in the
    warehouse of ``connection`` has learnt from counts; without one, or without a connection, the
    columns of the training set that are described.
    """
    # scikit-learn takes seconds to load, and most of what reads this module needs none of it.
    from ml.versions import registry

    found: dict[str, list[Use]] = {feature.full_name: [] for feature in features}
    for spec in specs:
        above = upstream(manifest, spec.train.on) | {spec.train.on}
        champion = registry.champion(connection, spec.name) if connection else None
        columns = _learnt(champion) if champion else _described(manifest, spec)
        important = _importances(connection, champion)
        for feature in features:
            column = _column(manifest, feature, above, columns)
            if column:
                metric, value = important.get(column, (None, None))
                version = champion.version if champion else None
                found[feature.full_name].append(Use(spec.name, column, version, value, metric))
    return {
        name: sorted(each, key=lambda use: -(use.importance or 0)) for name, each in found.items()
    }


def _column(
    manifest: Manifest, feature: Feature, above: set[str], columns: Sequence[str]
) -> str | None:
    """Return the column of a training set that the feature is, None if it is none."""
    if feature.view.name not in above:
        return None
    prefixes = {
        str(asked.get("prefix") or "")
        for each in training_sets(manifest)
        if each.model in above
        for asked in each.features
        if asked["view"] == feature.view.name
    }
    return next((n for p in sorted({"", *prefixes}) if (n := p + feature.name) in columns), None)


def _learnt(version: "ModelVersion") -> list[str]:
    return [each["name"] for each in json.loads(version.features)]


def _described(manifest: Manifest, spec: ModelSpec) -> list[str]:
    train = spec.train
    node = next(each for each in manifest.raw["nodes"].values() if each["name"] == train.on)
    taken = {train.label, train.time, train.split.column, *train.key, *train.features.exclude}
    chosen = train.features.include or list(node["columns"])
    return [name for name in node["columns"] if name in chosen and name not in taken]


def _importances(
    connection: duckdb.DuckDBPyConnection | None, version: "ModelVersion | None"
) -> _Importances:
    if connection is None or version is None or not exists(connection, IMPORTANCES):
        return {}
    rows = connection.execute(
        f"select feature, metric, value from {IMPORTANCES.sql} where model = ? and version = ?",
        [version.model, version.version],
    ).fetchall()
    return {feature: (metric, value) for feature, metric, value in rows}
