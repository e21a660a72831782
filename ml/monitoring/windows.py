"""What a run has scored, window by window, held against the training set and the window before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from duckdb import DuckDBPyConnection

from ml.columns import Source
from ml.monitoring.comparison import alarms
from ml.monitoring.distances import Drift, drift
from ml.monitoring.keeping import (
    SCORING,
    Made,
    Place,
    Profiled,
    Window,
    insert,
    keep_profiles,
    profiles_before,
    same_window,
    training_profiles,
)
from ml.monitoring.learnt import learnt_until, strange_sql
from ml.monitoring.rows import Looked, day_sql, features_of, look, predictions_of, predictions_sql
from ml.monitoring.same_rows import SameRows, same_rows
from ml.monitoring.training import parts_of
from ml.monitoring_tables import DRIFT, PROFILES
from ml.spec import ModelSpec

MOST_WINDOWS = 10
Baseline = Literal["training", "before", "same_rows"]
_MEASURES = ("psi", "jensen_shannon", "kolmogorov_smirnov", "wasserstein", "wasserstein_norm") + (
    "chi_square", "p_value", "total_variation", "missing", "unseen"
)  # fmt: skip
NO_REFERENCE = "nothing was kept of it at training"
LEARNT_FROM = "every row told was learnt from"


@dataclass(frozen=True)
class Moved:
    """How far one place is from a baseline in one window; ``alarms`` says in words why it is one.

    ``reason`` says why nothing was measured.
    """

    place: Place
    window: Window
    baseline: Baseline
    rows: int
    drift: Drift
    against: Profiled | None = None
    alarms: tuple[str, ...] = ()
    reason: str | None = None
    differ: float | None = None

    @property
    def row(self) -> dict[str, Any]:
        """The row of ``ml.drift_metrics``, but for by what it was made."""
        measured = asdict(self.drift)
        since = self.against.window if self.against else Window(None, None)
        return {
            "window_from": self.window.start,
            "window_to": self.window.end,
            "role": self.place.role,
            "column_name": self.place.column,
            "segment": self.place.segment,
            "baseline": self.baseline,
            "baseline_from": since.start,
            "baseline_to": since.end,
            "baseline_rows": self.against.rows if self.against else None,
            "rows": self.rows,
            **{name: measured[name] for name in _MEASURES},
            "differ": self.differ,
            "is_alarm": bool(self.alarms),
            "reason": self.reason or "; ".join(self.alarms) or None,
        }


def measure_windows(
    conn: DuckDBPyConnection, spec: ModelSpec, made: Made, source: Source, training: Source | None
) -> list[Moved]:
    """Measure each window of what is scored in ``source``, and keep it; the last window last.

    Windows measured before are measured anew. What was told of rows of ``training`` that the
    version learnt from does not count.
    """
    found: list[Moved] = []
    apart = spec.monitor.window != "run"
    reference = training_profiles(conn, made.version)
    strange = strange_sql(spec, made.version, training, learnt_until(conn, made.version))
    for window in _windows(conn, spec, source):
        looked = list(_look(conn, spec, made, source, window, strange))
        before = profiles_before(conn, spec.name, window, apart=apart)
        moved = [*against(spec, looked, window, reference, "training")]
        moved += against(spec, looked, window, before, "before") if before else ()
        _replace(conn, spec, made, window)
        keep_profiles(conn, made, SCORING, [each.profiled(window) for each in looked])
        keep_moved(conn, made, moved)
        found += moved
    return found


def measure_skew(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    made: Made,
    scored: Source,
    training: Source,
    window: Window,
) -> list[Moved]:
    """Measure the rows that both tables have, and keep it beside the last ``window``."""
    both = same_rows(conn, spec, made.version, scored, training)
    found = [_skewed(each, window) for each in both]
    keep_moved(conn, made, found)
    return found


def _windows(conn: DuckDBPyConnection, spec: ModelSpec, source: Source) -> list[Window]:
    """Return the windows of the scored table, the latest last; none where it has no rows."""
    day = day_sql(spec, source)
    period = spec.monitor.window
    by = "1" if period == "run" else f"date_trunc('{period}', {day})"
    rows = conn.execute(
        f"select min({day}), max({day}), {by} as goldloop_period from {source.relation.sql} "
        f"group by goldloop_period order by goldloop_period desc limit {MOST_WINDOWS}"
    ).fetchall()
    return [Window(start, end) for start, end, _ in reversed(rows) if start is not None]


def _look(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    made: Made,
    source: Source,
    window: Window,
    strange: str | None,
) -> Iterator[Looked]:
    parts = parts_of(spec.monitor.segments, source)
    day = day_sql(spec, source)
    features = [("feature", each) for each in features_of(spec, made.version, source)]
    dates = [window.start, window.end]
    if features:
        rows_sql = f"{source.relation.sql} where {day} between ? and ?"
        yield from look(conn, rows_sql, dates, features, spec.score.key, parts)
    relation, told = predictions_of(conn, spec)
    if told:
        rows_sql, parts = predictions_sql(spec, relation, source, parts, strange or "true")
        values = [made.version.version, *dates]
        yield from look(conn, rows_sql, values, told, spec.score.key, parts)


def against(
    spec: ModelSpec,
    looked: Sequence[Looked],
    window: Window,
    baselines: Mapping[Place, Profiled],
    name: Baseline,
) -> Iterator[Moved]:
    """Yield how far each place is from its baseline; only that which is declared raises alarms."""
    counts = name == spec.monitor.baseline
    thresholds = spec.monitor.thresholds if counts else {}
    for each in looked:
        held = baselines.get(each.place)
        reason = _cannot(each, held, name)
        if held is None or reason:
            yield Moved(each.place, window, name, each.rows, Drift(), held, (), reason)
            continue
        shares = (held.share, each.keys / each.rows if each.rows else 1.0)
        found = drift(held.profile, each.values, shares=shares)
        told = tuple(alarms(found, thresholds, columns=len(looked)))
        yield Moved(each.place, window, name, each.rows, found, held, told)


def _cannot(looked: Looked, against: Profiled | None, baseline: Baseline) -> str | None:
    """Return why a place cannot be compared, None where it can."""
    if against is None:
        return NO_REFERENCE if baseline == "training" else "it was not in the window before"
    if looked.type != against.type:
        return f"it is a {looked.type} now and was a {against.type}"
    if not looked.rows:
        # A window has rows that are scored.
        is_told = looked.place.role in ("prediction", "score")
        return LEARNT_FROM if is_told else "the window has no rows"
    return None if against.rows else "what it is held against has no rows"


def _skewed(found: SameRows, window: Window) -> Moved:
    return Moved(
        Place("feature", found.column), window, "same_rows", found.rows, Drift(),
        reason=found.reason, differ=found.differ,
    )  # fmt: skip


def _replace(conn: DuckDBPyConnection, spec: ModelSpec, made: Made, window: Window) -> None:
    """Take out what was measured of ``window`` before, of one that has moved since, too."""
    period = spec.monitor.window
    where = f"model = ? and version = ? and {same_window(period)}"
    values = [made.version.model, made.version.version, window.start]
    if period == "run":
        where, values = f"{where} and window_to = ?", [*values, window.end]
    _delete(conn, f"{where} and role <> 'label'", values)


def replace_labels(conn: DuckDBPyConnection, spec: ModelSpec, made: Made, window: Window) -> None:
    """Take out what was measured of the labels of ``window``, when there were fewer, too."""
    where = f"model = ? and version = ? and {same_window(spec.monitor.window)} and role = 'label'"
    _delete(conn, where, [made.version.model, made.version.version, window.start])


def _delete(conn: DuckDBPyConnection, where: str, values: list[object]) -> None:
    conn.execute(f"delete from {DRIFT.sql} where {where}", values)
    conn.execute(f"delete from {PROFILES.sql} where {where} and data = 'scoring'", values)


def keep_moved(conn: DuckDBPyConnection, made: Made, found: Sequence[Moved]) -> None:
    """Write ``found``, of which nothing is kept yet."""
    by = {"model": made.version.model, "version": made.version.version,
          "run_id": made.run_id, "measured_at": made.at}  # fmt: skip
    insert(conn, DRIFT, [{**by, **each.row} for each in found])
