"""The ML models of two warehouses: their versions, their champions, what these measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from dataops.differences.catalog import Catalog
from dataops.differences.difference import (
    Metric,
    MetricDifference,
    ModelDifference,
    VersionDifference,
)
from ml.judgement_tables import EVALUATIONS
from ml.tables import MODEL_VERSIONS

# data, segment and name of a metric
MetricKey = tuple[str, str, str]


@dataclass(frozen=True)
class Registry:
    """The status of each version of each model, and the metrics of each champion."""

    versions: Mapping[str, Mapping[int, str]]
    metrics: Mapping[str, Mapping[MetricKey, Metric]]

    def champion(self, model: str) -> int | None:
        """Return the version of ``model`` that scores, if there is one."""
        statuses = self.versions.get(model, {})
        return next((each for each, status in statuses.items() if status == "champion"), None)


def read_registry(connection: DuckDBPyConnection, catalog: Catalog) -> Registry:
    """Return the models of ``catalog``; without the engine's tables there are none."""
    versions: dict[str, dict[int, str]] = {}
    metrics: dict[str, dict[MetricKey, Metric]] = {}
    if not {MODEL_VERSIONS, EVALUATIONS} <= catalog.tables.keys():
        return Registry(versions, metrics)
    for model, version, status in connection.execute(
        f"select model, version, status from {catalog.sql(MODEL_VERSIONS)} order by all"
    ).fetchall():
        versions.setdefault(model, {})[version] = status
    for model, *key, value, low, high in connection.execute(
        "select e.model, e.data, e.segment, e.metric, e.value, e.low, e.high "
        f"from {catalog.sql(EVALUATIONS)} as e inner join {catalog.sql(MODEL_VERSIONS)} as v "
        "on e.model = v.model and e.version = v.version "
        "where v.status = 'champion' and e.data not in ('train', 'champion') order by all"
    ).fetchall():
        data, segment, metric = key
        metrics.setdefault(model, {})[data, segment, metric] = Metric(value, low, high)
    return Registry(versions, metrics)


def compare_models(old: Registry, new: Registry) -> tuple[ModelDifference, ...]:
    """Return the models whose versions, statuses or champion's metrics differ, by name."""
    every = (
        _compare_model(model, old, new)
        for model in sorted(old.versions.keys() | new.versions.keys())
    )
    return tuple(found for found in every if found.versions or found.metrics)


def _compare_model(model: str, old: Registry, new: Registry) -> ModelDifference:
    before, after = old.versions.get(model, {}), new.versions.get(model, {})
    metrics_before, metrics_after = old.metrics.get(model, {}), new.metrics.get(model, {})
    return ModelDifference(
        model,
        old.champion(model),
        new.champion(model),
        tuple(
            VersionDifference(version, before.get(version), after.get(version))
            for version in sorted(before.keys() | after.keys())
            if before.get(version) != after.get(version)
        ),
        tuple(
            MetricDifference(*key, metrics_before.get(key), metrics_after.get(key))
            for key in sorted(metrics_before.keys() | metrics_after.keys())
            if metrics_before.get(key) != metrics_after.get(key)
        ),
    )
