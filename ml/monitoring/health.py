"""How a model is: what the warehouse knows of its champion since it scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from duckdb import DuckDBPyConnection

from ml.monitoring.keeping import training_profiles
from ml.monitoring.learnt import learnt_until
from ml.monitoring_tables import DRIFT, PERFORMANCE, RETRAININGS
from ml.relation import Relation
from ml.tables import SCORINGS, exists
from ml.versions import registry

Row = dict[str, Any]
_DRIFT = ("window_from", "window_to", "role", "column_name", "segment", "baseline", "rows", "psi",
          "jensen_shannon", "kolmogorov_smirnov", "wasserstein_norm", "p_value", "missing",
          "unseen", "differ", "is_alarm", "reason")  # fmt: skip
_PERFORMANCE = ("window_from", "window_to", "kind", "metric", "value", "low", "high", "rows",
                "predictions", "is_alarm", "reason")  # fmt: skip


@dataclass(frozen=True)
class Health:
    """What is known of one model; rows are of its champion, as their tables have them.

    ``drift`` are those of the last window, worst first; ``first`` those of the first window after
    all the version learnt from, against that; ``history`` has the PSI of each feature over the
    windows.
    """

    model: str
    champion: str | None
    trained_at: datetime | None
    has_reference: bool
    scored_at: datetime | None
    last_date: date | None
    drift: Sequence[Row] = ()
    first: Sequence[Row] = ()
    skew: Sequence[Row] = ()
    history: dict[str, list[float | None]] | None = None
    performance: Sequence[Row] = ()
    retrainings: Sequence[Row] = ()

    @property
    def alarms(self) -> list[Row]:
        """The alarms of the last window, and of the last performance."""
        # Labels come later than estimates: each kind has a last window of its own.
        last = {each["kind"]: each["window_to"] for each in self.performance
                if each["value"] is not None}  # fmt: skip
        told = [each for each in self.performance if each["window_to"] == last.get(each["kind"])]
        return [each for each in (*self.drift, *told) if each["is_alarm"]]


def health_of(conn: DuckDBPyConnection, model: str) -> Health:
    """Return what the warehouse knows of ``model``, which may have no version."""
    champion = registry.champion(conn, model)
    decided = _rows(conn, RETRAININGS, ("run_id", "decided_at", "is_trained", "reason", "by",
                                        "version"), "model = ? order by decided_at desc limit 5",
                    [model])  # fmt: skip
    if champion is None:
        return Health(model, None, None, False, None, None, retrainings=decided)
    of, order = [model, champion.version], "order by window_to, psi desc nulls last, column_name"
    where = "model = ? and version = ?"
    moved = _rows(conn, DRIFT, _DRIFT, f"{where} and segment = 'all' {order}", of)
    last, first = _ends(moved, learnt_until(conn, champion))
    every = _rows(
        conn,
        DRIFT,
        _DRIFT,
        f"{where} and (window_to = ? or role = 'label' and window_to = (select max(window_to) from "
        f"{DRIFT.sql} where {where} and role = 'label')) {order}",
        [*of, last, *of],
    )
    told = [each for each in every if each["baseline"] != "same_rows"]
    (scored_at,) = _one(conn, SCORINGS, "max(scored_at)", where, of)
    performed = _rows(
        conn, PERFORMANCE, _PERFORMANCE, f"{where} order by window_to, kind desc, metric", of
    )
    return Health(
        model,
        champion.name,
        champion.created_at,
        bool(training_profiles(conn, champion)),
        scored_at,
        last,
        drift=sorted(told, key=lambda each: (not each["is_alarm"], -(each["psi"] or 0.0))),
        first=[each for each in moved
               if first and each["window_to"] == first and each["baseline"] == "training"],
        skew=[each for each in every if each["baseline"] == "same_rows"],
        history=_history(moved),
        performance=performed,
        retrainings=decided,
    )  # fmt: skip


def _ends(moved: Sequence[Row], learnt: date | None) -> tuple[date | None, date | None]:
    """Return the last window's end, and that of the first one which begins after ``learnt``."""
    ends = [each["window_to"] for each in moved if each["window_to"]]
    after = [each["window_to"] for each in moved
             if each["window_to"] and (learnt is None or each["window_from"] > learnt)]  # fmt: skip
    return max(ends, default=None), min(after, default=None)


def _history(moved: Sequence[Row]) -> dict[str, list[float | None]]:
    """Return the PSI against the training set of each column, window after window."""
    found: dict[str, list[float | None]] = {}
    for each in moved:
        if each["baseline"] == "training":
            found.setdefault(each["column_name"], []).append(each["psi"])
    return found


def _rows(
    conn: DuckDBPyConnection,
    relation: Relation,
    names: Sequence[str],
    where: str,
    values: Sequence[object],
) -> list[Row]:
    if not exists(conn, relation):
        return []
    read = ", ".join(f'"{name}"' for name in names)
    found = conn.execute(f"select {read} from {relation.sql} where {where}", list(values))
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _one(
    conn: DuckDBPyConnection, relation: Relation, asked: str, where: str, values: Sequence[object]
) -> tuple[Any, ...]:
    if not exists(conn, relation):
        return (None,)
    found = conn.execute(f"select {asked} from {relation.sql} where {where}", list(values))
    return found.fetchone() or (None,)
