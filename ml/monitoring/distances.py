"""How far two relations lie apart in one column.

From the counts in the baseline's bins: PSI, Jensen-Shannon, total variation and chi-square. From
every value, exactly: Kolmogorov-Smirnov and Wasserstein, whose binned forms would be bounds only.
"""

from dataclasses import dataclass

import numpy as np
from duckdb import DuckDBPyConnection
from numpy.typing import NDArray
from scipy.special import chdtrc

from ml.monitoring.reference import Counts, finite_sql
from ml.relation import Relation

# A bin without rows would make PSI infinite: it is counted as if half a row were in it.
EMPTY = 0.5


@dataclass(frozen=True)
class Drift:
    """How far the rows of a window are from the baseline in one column.

    ``psi`` and ``chi_square`` (with its ``p_value``) have missing values as a bin of their own, so
    that a column that dries up drifts; they are null where one side has no rows. The others are of
    the values that are there, and null where one side has none: ``jensen_shannon`` is the distance
    (the root of the divergence) to base e, ``rest`` the share of values above the last edge, or of
    categories that have no bin of their own. ``missing`` is by how much their share grew.
    """

    column: str
    psi: float | None
    jensen_shannon: float | None
    total_variation: float | None
    chi_square: float | None
    p_value: float | None
    missing: float
    rest: float | None


@dataclass(frozen=True)
class Exact:
    """Distances of every value of a numeric column; null where one side has none."""

    kolmogorov_smirnov: float | None
    wasserstein: float | None


def drift(baseline: Counts, window: Counts) -> Drift:
    """Compare the counts of two relations in the same bins.

    Raises ValueError where the bins are not the same.
    """
    if baseline.bins != window.bins:
        raise ValueError(f"the bins of {window.bins.column} are not those of the baseline")
    name = baseline.bins.column
    old, new = np.array(baseline.rows, float), np.array(window.rows, float)
    missing = _share(window.missing, new.sum()) - _share(baseline.missing, old.sum())
    all_old, all_new = np.append(old, baseline.missing), np.append(new, window.missing)
    psi, statistic, p_value = None, None, None
    if all_old.sum() and all_new.sum():
        psi = _psi(all_old, all_new)
        statistic, p_value = chi_square(all_old, all_new)
    if not old.sum() or not new.sum():
        return Drift(name, psi, None, None, statistic, p_value, missing, None)
    p, q = old / old.sum(), new / new.sum()
    return Drift(
        column=name,
        psi=psi,
        jensen_shannon=_jensen_shannon(p, q),
        total_variation=float(np.abs(p - q).sum() / 2),
        chi_square=statistic,
        p_value=p_value,
        missing=missing,
        rest=float(q[-1]),
    )


def exact(conn: DuckDBPyConnection, baseline: Relation, window: Relation, column: str) -> Exact:
    """Return the exact distances of a numeric ``column``; memory grows with distinct values."""
    number = finite_sql(column)
    row = conn.execute(
        f"""
        with both_sides as (
            select {number} as x, 1 as old, 0 as new from {baseline.sql}
            union all
            select {number}, 0, 1 from {window.sql}
        ),
        steps as (
            select x, sum(old) as old, sum(new) as new
            from both_sides where x is not null group by x
        ),
        curves as (
            select
                lead(x) over (order by x) - x as width,
                abs(
                    sum(old) over (order by x) / nullif(sum(old) over (), 0)
                    - sum(new) over (order by x) / nullif(sum(new) over (), 0)
                ) as gap,
            from steps
        )
        select max(gap), case when max(gap) is not null then coalesce(sum(gap * width), 0) end
        from curves
        """
    ).fetchone() or (None, None)
    return Exact(*row)


def chi_square(old: NDArray[np.float64], new: NDArray[np.float64]) -> tuple[float, float]:
    """Return Pearson's statistic of two rows of counts, and its p-value; empty bins are left out.

    One bin alone cannot differ: 0 and 1.
    """
    table = np.stack([old, new])[:, old + new > 0]
    if table.shape[1] < 2:
        return 0.0, 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, float(chdtrc(table.shape[1] - 1, statistic))


def is_alarm(found: Drift, *, psi: float, columns: int, level: float = 0.001) -> bool:
    """Whether ``found`` is both large and no accident.

    Large is a PSI above ``psi``; no accident is a p-value below ``level`` shared among the
    ``columns`` looked at (Bonferroni), so that unchanged rows raise an alarm in any of them in
    fewer than one window of a hundred.
    """
    if found.psi is None or found.p_value is None:
        return False
    return found.psi > psi and found.p_value < level / columns


def _psi(old: NDArray[np.float64], new: NDArray[np.float64]) -> float:
    used = old + new > 0
    p = np.maximum(old[used], EMPTY) / old.sum()
    q = np.maximum(new[used], EMPTY) / new.sum()
    return float(((q - p) * np.log(q / p)).sum())


def _jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    middle = (p + q) / 2
    parts = [
        float((side[side > 0] * np.log(side[side > 0] / middle[side > 0])).sum()) for side in (p, q)
    ]
    # Rounding may leave equal shares a hair below 0.
    return float(np.sqrt(max(sum(parts) / 2, 0.0)))


def _share(missing: int, there: float) -> float:
    return missing / (missing + there) if missing else 0.0
