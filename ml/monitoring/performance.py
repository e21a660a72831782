"""How good predictions turn out: by the labels that came later, and estimated until they do.

Only rows count that are later than all the version had to learn from. A label is the training set's
for the same key and date; of made-up rows it is none.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from duckdb import DuckDBPyConnection

from ml.columns import Source
from ml.declaration.measures import MEASURES, measures_of
from ml.evaluation.bootstrap import Interval, measure
from ml.evaluation.outcome import Outcome
from ml.judgement_tables import EVALUATIONS
from ml.monitoring.estimated import estimate
from ml.monitoring.keeping import Made, Window, insert, same_window
from ml.monitoring.learnt import learnt_until
from ml.monitoring.matching import Told, joined_sql, unlabelled, windows_told
from ml.monitoring_tables import PERFORMANCE
from ml.spec import ModelSpec
from ml.versions.registry import ModelVersion

Kind = Literal["realised", "estimated"]
FEWEST_LABELS = 30
# Of more classes only that of the class told is kept: these need no other.
_OF_MANY = ("accuracy", "f1")


@dataclass(frozen=True)
class Performed:
    """One metric of one window, or without a value why there is none."""

    window: Window
    kind: Kind
    metric: str
    value: Interval
    rows: int
    predictions: int
    labels_hash: str | None = None
    is_alarm: bool = False
    reason: str | None = None


def measure_performance(
    conn: DuckDBPyConnection, spec: ModelSpec, made: Made, training: Source
) -> list[Performed]:
    """Measure each window of what the version told, and keep it; the latest last.

    A window whose labels and predictions are what they were is not measured again. Empty where
    nothing was told of rows later than the training set.
    """
    why_not = unlabelled(conn, spec, made.version)
    if why_not:
        return [Performed(Window(None, None), "realised", judged_metric(spec), Interval(None), 0, 0,
                          reason=why_not)]  # fmt: skip
    found = []
    for told in windows_told(conn, spec, made.version, training):
        if _labels_hash(conn, made.version, told.window) != told.labels_hash:
            rows = _measured(conn, spec, made.version, training, told)
            _replace(conn, spec, made, told.window, rows)
            found += rows
    return found


def judged_metric(spec: ModelSpec) -> str:
    """Return the metric that raises alarms: the one by which versions are compared."""
    return spec.problem.champion.metric or spec.problem.success[0].metric


def _labels_hash(conn: DuckDBPyConnection, version: ModelVersion, window: Window) -> str | None:
    row = conn.execute(
        f"select labels_hash from {PERFORMANCE.sql} where model = ? and version = ? "
        "and window_from = ? and window_to = ? limit 1",
        [version.model, version.version, window.start, window.end],
    ).fetchone()
    return row[0] if row else None


def _measured(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    version: ModelVersion,
    training: Source,
    told: Told,
) -> list[Performed]:
    table = conn.execute(
        "select told, score, truth, try_cast(told as double), try_cast(truth as double) from "
        "(select cast(prediction as varchar) as told, score, cast(label as varchar) as truth "
        f"from ({joined_sql(spec, training)}) where as_of_date between ? and ?)",
        [version.version, learnt_until(conn, version), told.window.start, told.window.end],
    ).fetchnumpy()
    columns = [np.ma.filled(each, np.nan) if each.dtype.kind == "f" else np.ma.filled(each, None)
               for each in map(np.ma.asarray, table.values())]  # fmt: skip
    held = _held_out(conn, version)
    realised = _realised(spec, version, columns)
    estimated = _estimated(spec, version, columns)
    return [
        _performed(spec, told, kind, metric, value, rows, held, reason)
        for kind, (rows, values, reason) in (("realised", realised), ("estimated", estimated))
        for metric, value in values.items()
    ]


def _performed(
    spec: ModelSpec,
    told: Told,
    kind: str,
    metric: str,
    value: Interval,
    rows: int,
    held: Mapping[str, Interval],
    reason: str | None,
) -> Performed:
    worse = _worse(metric, value, held) if metric == judged_metric(spec) else None
    as_kind: Kind = "realised" if kind == "realised" else "estimated"
    return Performed(
        told.window, as_kind, metric, value, rows, told.predictions, told.labels_hash,
        worse is not None, worse or (reason if value.value is None else None),
    )  # fmt: skip


def _worse(metric: str, value: Interval, held: Mapping[str, Interval]) -> str | None:
    """Return in words by how much a metric is worse than on the rows held out, beyond chance."""
    before = held.get(metric)
    if before is None or None in (value.low, value.high, before.low, before.high):
        return None
    ends = (
        (value.high, before.low) if MEASURES[metric].higher_is_better else (before.high, value.low)
    )
    if ends[0] is None or ends[1] is None or ends[0] >= ends[1]:
        return None
    return (
        f"{metric} {value.value:.4f} ({value.low:.4f} to {value.high:.4f}) is worse than on the "
        f"rows held out, {before.value:.4f} ({before.low:.4f} to {before.high:.4f})"
    )


def _held_out(conn: DuckDBPyConnection, version: ModelVersion) -> dict[str, Interval]:
    rows = conn.execute(
        f"select metric, value, low, high from {EVALUATIONS.sql} where model = ? and version = ? "
        "and data = 'test' and segment = 'all'",
        [version.model, version.version],
    ).fetchall()
    return {metric: Interval(*bounds) for metric, *bounds in rows}


Measured = tuple[int, Mapping[str, Interval], str | None]


def _realised(spec: ModelSpec, version: ModelVersion, columns: Sequence[Any]) -> Measured:
    """Return the rows with a label, each metric of them, and why there is none."""
    decided, score, label, number, truth = columns
    there = np.array([each is not None for each in label])
    if version.task == "regression":
        there &= ~np.isnan(truth) & ~np.isnan(number)
        outcome = Outcome(truth[there], number[there])
        few = there.sum() < FEWEST_LABELS
    else:
        classes = {name: at for at, name in enumerate(json.loads(version.classes))}
        there &= np.array([each in classes for each in label])
        codes = [np.array([classes[each] for each in side[there]], dtype=np.int64)
                 for side in (label, decided)]  # fmt: skip
        outcome = Outcome(codes[0], _shares(score[there], codes[1], len(classes)), False, codes[1])
        few = there.sum() < FEWEST_LABELS or len(np.unique(codes[0])) < 2
    rows = int(there.sum())
    if few:
        why = "no label has come yet" if not rows else f"{rows} labels, or one class, are too few"
        return rows, {judged_metric(spec): Interval(None)}, why
    (measured,) = measure([outcome], spec.estimator.seed)
    names = [each.name for each in measures_of(spec.task) if each.name in measured.values]
    found = {name: measured.interval(name) for name in names}
    if outcome.decided is None or outcome.told.shape[1] == 2:
        return rows, found, None
    known = {name: found[name] for name in _OF_MANY if name in found}
    why = f"of more than two classes only the score of the one told is kept; {', '.join(known)} are"
    return rows, {judged_metric(spec): Interval(None), **known}, f"{why} measured"


def _shares(score: Any, decided: Any, classes: int) -> Any:
    """Return probabilities [rows, classes]; of more than two classes 1 for the one told."""
    return np.stack([1 - score, score], axis=1) if classes == 2 else np.eye(classes)[decided]


def _estimated(spec: ModelSpec, version: ModelVersion, columns: Sequence[Any]) -> Measured:
    """Return the rows, what each metric is expected to be, and why it cannot be known."""
    decided, score, *_ = columns
    classes = json.loads(version.classes)
    if version.task != "classification" or len(classes) != 2:
        return len(score), {judged_metric(spec): Interval(None)}, "estimated for two classes only"
    if version.calibration is None:
        why = (
            "not estimated: the probabilities are not calibrated; "
            "declare estimator.calibrate: {method: isotonic}"
        )
        return len(score), {judged_metric(spec): Interval(None)}, why
    codes = (decided == classes[1]).astype(np.int64)
    return len(score), estimate(score, codes, spec.estimator.seed), None


def _replace(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    made: Made,
    window: Window,
    rows: Sequence[Performed],
) -> None:
    """Write ``rows`` in the place of what was measured of the window, when it was shorter, too."""
    version = made.version
    conn.execute(
        f"delete from {PERFORMANCE.sql} where model = ? and version = ? "
        f"and {same_window(spec.monitor.window)}",
        [version.model, version.version, window.start],
    )
    insert(conn, PERFORMANCE, [*map(dict, (_row(made, each) for each in rows))])


def _row(made: Made, each: Performed) -> Iterator[tuple[str, Any]]:
    yield from (("model", made.version.model), ("version", made.version.version))
    yield from (("window_from", each.window.start), ("window_to", each.window.end))
    yield from (("low", each.value.low), ("high", each.value.high), ("value", each.value.value))
    for name in ("kind", "metric", "rows", "predictions", "labels_hash", "is_alarm", "reason"):
        yield name, getattr(each, name)
    yield from (("run_id", made.run_id), ("measured_at", made.at))
