"""Two relations compared, column by column, and when what differs is an alarm."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType

from duckdb import DuckDBPyConnection

from ml.monitoring.distances import Drift, drift
from ml.monitoring.reading import AT_ONCE, Watched, at_hand, read

# What has a threshold, and which p-value says whether it may be an accident.
TESTED: Mapping[str, str] = MappingProxyType(
    {
        "psi": "p_value",
        "jensen_shannon": "p_value",
        "kolmogorov_smirnov": "p_value",
        "wasserstein_norm": "p_value",
        "total_variation": "p_value",
        "missing": "missing_p",
        "unseen": "unseen_p",
    }
)
LEVEL = 0.001


@dataclass(frozen=True)
class Compared:
    """One column of two relations; ``baseline_rows`` and ``rows`` are all they have."""

    column: str
    baseline_rows: int
    rows: int
    drift: Drift


def compare(
    conn: DuckDBPyConnection,
    baseline_sql: str,
    window_sql: str,
    columns: Sequence[Watched],
) -> list[Compared]:
    """Return how far ``columns`` of the window are from the baseline.

    Both are what stands after ``from``: a relation, or a query in brackets. Of each up to a million
    rows are in memory.
    """
    before, old_table = read(conn, baseline_sql, columns)
    now, new_table = read(conn, window_sql, columns)

    def one(at: int) -> Compared:
        (old,) = at_hand(old_table.select([at]), columns[at : at + 1])
        (new,) = at_hand(new_table.select([at]), columns[at : at + 1])
        return Compared(columns[at].name, before, now, drift(old.profile, new, old))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(len(columns))))


def alarms(
    found: Drift, thresholds: Mapping[str, float], *, columns: int, level: float = LEVEL
) -> list[str]:
    """Return in words each of ``thresholds`` that ``found`` is above, unless by accident.

    No accident is a p-value below ``level`` shared among the ``columns`` looked at and the kinds of
    test (Bonferroni), so that unchanged rows raise an alarm in any of them in fewer than one window
    of a hundred.
    """
    tests = columns * len({TESTED[name] for name in thresholds})
    return list(_alarms(found, thresholds, level / max(tests, 1)))


def is_alarm(found: Drift, *, psi: float, columns: int, level: float = LEVEL) -> bool:
    """Whether the PSI of ``found`` is above ``psi`` and no accident, see :func:`alarms`."""
    return bool(alarms(found, {"psi": psi}, columns=columns, level=level))


def _alarms(found: Drift, thresholds: Mapping[str, float], level: float) -> Iterator[str]:
    for name, most in thresholds.items():
        value, p_value = getattr(found, name), getattr(found, TESTED[name])
        if value is not None and p_value is not None and value > most and p_value < level:
            yield f"{name} {value:.3g} above {most:g}"
