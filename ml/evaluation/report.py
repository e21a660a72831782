"""All that was worked out of one version, and how it gets into the warehouse."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.evaluation.bootstrap import Interval
from ml.evaluation.curves import Curve
from ml.evaluation.dependence import Dependence
from ml.evaluation.evaluate import Evaluation
from ml.evaluation.importances import Importance
from ml.evaluation.residuals import Bin
from ml.judgement_tables import (
    COMPARISONS,
    CONFUSION,
    CURVES,
    DEPENDENCE,
    EVALUATIONS,
    IMPORTANCES,
    RESIDUALS,
)
from ml.relation import Relation, quote
from ml.tables import COLUMNS

TEST = "test"


@dataclass(frozen=True)
class Comparison:
    """By how much a version is better than ``against`` on the same rows, by metric.

    ``against`` is ``baseline`` or a version's name. ``gains`` is empty where nothing could be
    measured, for the ``reason``. ``seen`` is the share of the rows held out that ``against`` has
    learnt from, where known; ``fresh`` says that it has learnt from none of the ``rows`` measured
    on. What is not ``usable`` could not score either.
    """

    against: str
    gains: Mapping[str, Interval]
    rows: int
    seen: float | None = None
    reason: str | None = None
    fresh: bool = True
    usable: bool = True


@dataclass(frozen=True)
class Report:
    """What is kept of a version besides itself, see :mod:`ml.tables`.

    ``metric`` is the one by which it was to be compared with the champion.
    """

    evaluations: Sequence[Evaluation]
    baseline: Comparison
    champion: Comparison | None = None
    curves: Sequence[Curve] = ()
    confusion: Sequence[tuple[str, str, int]] = ()
    residuals: Sequence[Bin] = ()
    importances: Sequence[Importance] = ()
    dependence: Sequence[Dependence] = ()
    metric: str = ""


def keep(conn: DuckDBPyConnection, model: str, version: int, report: Report) -> None:
    """Write ``report`` of ``version`` into the tables, which are there."""
    _insert(conn, EVALUATIONS, model, version, map(_evaluation, report.evaluations))
    _insert(conn, COMPARISONS, model, version, _comparisons(report))
    _insert(conn, CURVES, model, version, _points(report.curves))
    _insert(conn, CONFUSION, model, version, ((TEST, *each) for each in report.confusion))
    _insert(conn, RESIDUALS, model, version, ((TEST, *astuple(each)) for each in report.residuals))
    _insert(conn, IMPORTANCES, model, version, map(astuple, report.importances))
    _insert(conn, DEPENDENCE, model, version, map(astuple, report.dependence))


def _evaluation(each: Evaluation) -> tuple[Any, ...]:
    return each.data, each.segment, each.metric, each.value, each.low, each.high, each.rows


def _comparisons(report: Report) -> Iterator[tuple[Any, ...]]:
    for each in (report.baseline, report.champion):
        if each is None:
            continue
        for metric, gain in each.gains.items():
            found = (gain.value, gain.low, gain.high)
            yield each.against, metric, *found, each.rows, each.seen, None
        if each.reason:
            yield each.against, report.metric, None, None, None, each.rows, each.seen, each.reason


def _points(curves: Sequence[Curve]) -> Iterator[tuple[Any, ...]]:
    for curve in curves:
        points = zip(curve.x, curve.y, curve.threshold, strict=True)
        for at, (x, y, threshold) in enumerate(points):
            known = float(threshold) if np.isfinite(threshold) else None
            yield TEST, curve.name, curve.class_, at, float(x), float(y), known


def _insert(
    conn: DuckDBPyConnection,
    relation: Relation,
    model: str,
    version: int,
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """Insert ``rows``, which have the columns of ``relation`` after model and version, at once."""
    names = [name for name in COLUMNS[relation] if name not in ("model", "version")]
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    # DuckDB finds the variable by its name.
    goldloop_judged_rows = pa.table(
        [pa.array(column) for column in columns], names=[f"c{at}" for at in range(len(names))]
    )
    read = ", ".join(goldloop_judged_rows.column_names)
    conn.execute(
        f"insert into {relation.sql} (model, version, {', '.join(map(quote, names))}) "
        f"select ?, ?, {read} from goldloop_judged_rows",
        [model, version],
    )
