"""What is watched of a model as checks of its predictions, and whether a run trains it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
from duckdb import DuckDBPyConnection

from ml.monitoring.performance import Performed
from ml.monitoring.watch import Watched, watch
from ml.monitoring.windows import Moved
from ml.spec import ModelSpec
from orchestration.assets.watched_facts import (
    drift_facts,
    drift_in_words,
    performance_facts,
    performance_in_words,
)
from orchestration.project import Project

DRIFT, PERFORMANCE = "monitor_drift", "monitor_performance"
MOST_TOLD = 5


def check_specs(spec: ModelSpec, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Return the checks to plan for the predictions of ``spec``."""
    then = "no release is published" if spec.monitor.severity == "error" else "it warns"
    limits = ", ".join(f"{name} {most:g}" for name, most in spec.monitor.thresholds.items())
    return [
        dg.AssetCheckSpec(
            DRIFT,
            asset=key,
            description=f"{spec.file}: no column moves beyond {limits}; if so {then}",
        ),
        dg.AssetCheckSpec(
            PERFORMANCE,
            asset=key,
            description=f"{spec.file}: not worse than on the rows held out; if so {then}",
        ),
    ]  # fmt: skip


def watched_checks(
    context: dg.AssetExecutionContext,
    connection: DuckDBPyConnection,
    project: Project,
    spec: ModelSpec,
    key: dg.AssetKey,
) -> Iterator[dg.AssetCheckResult]:
    """Measure what was scored, and yield the checks of it that this run has planned."""
    found = watch(
        connection, spec, project.manifest.relations, context.run_id, now=datetime.now(UTC)
    )
    for note in found.notes:
        context.log.warning(note)
    planned = {each.name for each in context.selected_asset_check_keys if each.asset_key == key}
    for result in (_drift(found, spec, key), _performance(found, spec, key)):
        if result.check_name in planned:
            yield result


def _drift(found: Watched, spec: ModelSpec, key: dg.AssetKey) -> dg.AssetCheckResult:
    told = [_moved(each) for each in found.drift_alarms]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=DRIFT,
        passed=not told and not found.drift_notes,
        severity=_severity(spec, bool(told)),
        description=_description([*told, *found.drift_notes], spec) or drift_in_words(found, spec),
        metadata={"alarms": len(told), **drift_facts(found)},
    )


def _performance(found: Watched, spec: ModelSpec, key: dg.AssetKey) -> dg.AssetCheckResult:
    told = [_performed(each) for each in found.performance_alarms]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=PERFORMANCE,
        passed=not told and not found.performance_notes,
        severity=_severity(spec, bool(told)),
        description=_description([*told, *found.performance_notes], spec)
        or performance_in_words(found, spec),
        metadata={"alarms": len(told), **performance_facts(found)},
    )


def _severity(spec: ModelSpec, is_alarm: bool) -> dg.AssetCheckSeverity:
    """Only an alarm blocks; what could not be measured warns."""
    blocks = is_alarm and spec.monitor.severity == "error"
    return dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN


def _description(told: list[str], spec: ModelSpec) -> str | None:
    if not told:
        return None
    more = f"; and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    return f"{'; '.join(told[:MOST_TOLD])}{more} — type: goldloop models health {spec.name}"


def _moved(each: Moved) -> str:
    return f"{each.place}, {each.window}, against {each.baseline}: {', '.join(each.alarms)}"


def _performed(each: Performed) -> str:
    return f"{each.kind}, {each.window}: {each.reason}"
