"""What was measured of a model that scores, as the pages of its checks show it in Dagster."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from ml.evaluation.bootstrap import Interval
from ml.monitoring.performance import Performed, judged_metric
from ml.monitoring.watch import Watched
from ml.monitoring.windows import Moved
from ml.spec import ModelSpec

Facts = Mapping[str, dg.MetadataValue[Any]]
_MOST_ROWS = 10


def drift_in_words(found: Watched, spec: ModelSpec) -> str:
    """Return what moved most in the last window, where that was no alarm."""
    last = [each for each in _last_window(found) if each.baseline == spec.monitor.baseline]
    measured = [each for each in last if each.drift.psi is not None]
    if not measured:
        reasons = dict.fromkeys(each.reason for each in last if each.reason)
        why = "; ".join(reasons) or "there is none yet"
        return f"nothing to compare with {spec.monitor.baseline}: {why}"
    worst = max(measured, key=lambda each: each.drift.psi or 0.0)
    return (
        f"{worst.window} against {worst.baseline}, {worst.rows:,} rows: psi at most "
        f"{worst.drift.psi:.3f} ({worst.place}) of {len(measured)} looked at"
    )


def drift_facts(found: Watched) -> Facts:
    """Return the last window, place by place, the worst first."""
    last = [each for each in _last_window(found) if each.baseline != "same_rows"]
    worst = sorted(last, key=lambda each: (not each.alarms, -(each.drift.psi or 0.0)))
    rows = [
        {
            "column": str(each.place),
            "against": each.baseline,
            "psi": _rounded(each.drift.psi),
            "KS": _rounded(each.drift.kolmogorov_smirnov),
            "missing": _rounded(each.drift.missing),
            "unseen": _rounded(each.drift.unseen),
            "alarm": "; ".join(each.alarms),
        }
        for each in worst[:_MOST_ROWS]
    ]
    windows = dict.fromkeys(str(each.window) for each in found.moved)
    told = {"windows": dg.MetadataValue.int(len(windows))}
    if not rows:
        return told
    return {
        "last_window": dg.MetadataValue.text([*windows][-1]),
        **told,
        "worst_columns": _table(rows),
    }


def performance_in_words(found: Watched, spec: ModelSpec) -> str:
    """Return how good the last predictions with a label were, or why that is not known."""
    return "; ".join(_performed(found.performed, judged_metric(spec))) or (
        "nothing new to measure: labels and predictions are as they were, or none is of rows later "
        "than the training set"
    )


def performance_facts(found: Watched) -> Facts:
    """Return each metric measured in this run, the latest window first."""
    rows = [
        {
            "window": str(each.window),
            "kind": each.kind,
            "metric": each.metric,
            "value": _rounded(each.value.value),
            "95 %": _between(each.value),
            "labels": f"{each.rows:,} of {each.predictions:,}",
            "alarm": each.reason or "" if each.is_alarm else "",
        }
        for each in reversed(found.performed)
        if each.value.value is not None
    ]
    return {"metrics": _table(rows[:_MOST_ROWS])} if rows else {}


def _performed(performed: Sequence[Performed], metric: str) -> Iterator[str]:
    """Yield the last that is known of each kind, or why nothing is."""
    last = {each.kind: each for each in performed if each.metric == metric}
    known = {each.kind: each for each in performed
             if each.metric == metric and each.value.value is not None}  # fmt: skip
    for kind, each in last.items():
        if kind in known:
            found = known[kind]
            yield (
                f"{kind} {metric} {_rounded(found.value.value)} ({_between(found.value)}), "
                f"{found.window}, {found.rows:,} of {found.predictions:,} predictions"
            )
        elif each.reason:
            yield f"{kind}: {each.reason}"


def _last_window(found: Watched) -> list[Moved]:
    ends = [each.window.end for each in found.moved if each.window.end]
    return [each for each in found.moved if not ends or each.window.end == max(ends)]


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _between(value: Interval) -> str:
    if value.low is None or value.high is None:
        return ""
    return f"{value.low:.4f} to {value.high:.4f}"


def _table(rows: Sequence[Mapping[str, str]]) -> dg.TableMetadataValue:
    columns = [dg.TableColumn(name) for name in rows[0]]
    return dg.MetadataValue.table(
        [dg.TableRecord(dict(row)) for row in rows], dg.TableSchema(columns=columns)
    )
