"""How far two sets of rows lie apart in one column.

From counts in the baseline's bins: PSI, Jensen-Shannon, total variation and chi-square. From the
whole distribution: Kolmogorov-Smirnov and Wasserstein, exact where up to 200,000 values of both
sides are at hand, or where the baseline has no more than 1,001 different ones. Else the first is
off by 0.001 at most, the second by the little that two curves which cross between two of a thousand
quantiles bend there.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc, chdtrc

from ml.monitoring.profile import (
    CATEGORIES,
    Array,
    AtHand,
    Categories,
    CountedText,
    Numbers,
    Profile,
    SortedNumbers,
    between,
)

# A bin without rows would make PSI infinite: it is counted as if half a row were in it.
EMPTY = 0.5
# Of more values of both sides together the quantiles of one of them tell enough.
EXACT_VALUES = 200_000


@dataclass(frozen=True)
class Drift:
    """How far the rows of a window are from the baseline in one column.

    ``psi`` and ``chi_square`` (with its ``p_value``) have missing values as a bin of their own, so
    that a column that dries up drifts; they are null where one side has no rows. The others are of
    the values that are there, and null where one side has none: ``jensen_shannon`` is the distance
    (the root of the divergence) to base e, ``wasserstein_norm`` the ``wasserstein`` distance over
    the standard deviation of the baseline, ``unseen`` the share of values that are no category of
    the baseline, or lie outside of its range. ``missing`` is by how much their share grew.
    ``missing_p`` and ``unseen_p`` say how likely so many are by accident.
    """

    psi: float | None = None
    jensen_shannon: float | None = None
    total_variation: float | None = None
    kolmogorov_smirnov: float | None = None
    wasserstein: float | None = None
    wasserstein_norm: float | None = None
    chi_square: float | None = None
    p_value: float | None = None
    missing: float | None = None
    unseen: float | None = None
    missing_p: float | None = None
    unseen_p: float | None = None


def drift(
    baseline: Profile,
    window: AtHand,
    at_hand: AtHand | None = None,
    shares: tuple[float, float] = (1.0, 1.0),
) -> Drift:
    """Compare the values of a window with a baseline.

    ``at_hand`` are the baseline's own values, where they still are. ``shares`` say for both sides
    how much a row counts where it is asked what may be an accident: 1, or less where several rows
    are of one key and so tell the same over again. Raises TypeError where one side is of numbers
    and the other of text.
    """
    if isinstance(baseline, Numbers) and isinstance(window, SortedNumbers):
        was, new = _counted(baseline, window.values)
        sorted_ = at_hand.values if isinstance(at_hand, SortedNumbers) else None
        apart = _curves(baseline, window.values, sorted_)
        unseen = _outside(baseline, window.values)
        return _told(baseline, was, new, window.missing, unseen, apart, shares)
    if isinstance(baseline, Categories) and isinstance(window, CountedText):
        known = window.of_names([*baseline.counts])
        old, there = np.array([*baseline.counts.values()], float), float(window.counts.sum())
        rest = [sum(each[CATEGORIES:]) for each in (old, known)]
        unseen = there - known.sum()
        was = np.append(old[:CATEGORIES], rest[0] + baseline.others)
        new = np.append(known[:CATEGORIES], rest[1] + unseen)
        return _told(baseline, was, new, window.missing, unseen, (None, None), shares)
    raise TypeError(f"{type(baseline).__name__} cannot be compared with {type(window).__name__}")


def _counted(baseline: Numbers, x: Array) -> tuple[Array, Array]:
    """Return how many values of ``baseline``, and of sorted ``x``, are in each bin.

    Where each number has a bin of its own, the last one is of those that the baseline never had.
    """
    if baseline.is_few:
        at = np.searchsorted(x, baseline.points, "right") - np.searchsorted(x, baseline.points)
        was = np.append(baseline.upto - baseline.below, 0)
        return was.astype(float), np.append(at, len(x) - at.sum()).astype(float)
    edges = baseline.edges if baseline.there else np.zeros(0)
    upto = np.searchsorted(x, edges, "right")
    new = np.diff(np.concatenate([[0], upto, [len(x)]])).astype(float)
    return baseline.counted(edges), new


def _told(
    baseline: Profile,
    old: Array,
    new: Array,
    missing: int,
    unseen: float,
    apart: tuple[float | None, float | None],
    shares: tuple[float, float],
) -> Drift:
    """Return the distances of the counts ``old`` and ``new``, with those ``apart`` of the curves.

    ``missing`` and ``unseen`` are rows of the window.
    """
    all_old, all_new = np.append(old, baseline.missing), np.append(new, missing)
    if not all_old.sum() or not all_new.sum():
        return Drift()
    found = {
        "psi": _psi(all_old, all_new),
        "chi_square": chi_square(all_old, all_new)[0],
        "p_value": chi_square(shares[0] * all_old, shares[1] * all_new)[1],
        "missing": missing / all_new.sum() - baseline.missing / all_old.sum(),
        "missing_p": _more(shares, (baseline.missing, missing), (all_old, all_new)),
    }
    if not old.sum() or not new.sum():
        return Drift(**found)
    p, q = old / old.sum(), new / new.sum()
    spread = baseline.spread if isinstance(baseline, Numbers) else None
    return Drift(
        **found,
        jensen_shannon=_jensen_shannon(p, q),
        total_variation=float(np.abs(p - q).sum() / 2),
        kolmogorov_smirnov=apart[0],
        wasserstein=apart[1],
        wasserstein_norm=apart[1] / spread if spread and apart[1] is not None else None,
        unseen=unseen / new.sum(),
        unseen_p=_more(shares, (_alone(baseline), unseen), (old, new)),
    )


def _more(
    shares: tuple[float, float], parts: tuple[float, float], counts: tuple[Array, Array]
) -> float:
    """Return how likely the second of ``parts`` of ``counts`` is by accident, given the first."""
    (was, rows), (now, new_rows) = (
        (share * part, share * float(whole.sum()))
        for share, part, whole in zip(shares, parts, counts, strict=True)
    )
    return more_p(was, rows, now, new_rows)


def chi_square(old: Array, new: Array) -> tuple[float, float]:
    """Return Pearson's statistic of two rows of counts, and its p-value; empty bins are left out.

    One bin alone cannot differ: 0 and 1.
    """
    table = np.stack([old, new]).astype(float)[:, old + new > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return 0.0, 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, float(chdtrc(table.shape[1] - 1, statistic))


def more_p(old: float, old_rows: float, new: float, new_rows: float) -> float:
    """Return how likely ``new`` of ``new_rows`` or more are, if they are what ``old`` are.

    Of all that are there each is as likely in any row (Przyborowski and Wilenski 1940).
    """
    share = new_rows / (old_rows + new_rows)
    # Shares of rows are rounded so that they tell less.
    least = int(new + 1e-9)
    return float(bdtrc(least - 1, int(np.ceil(old - 1e-9)) + least, share)) if least else 1.0


def _alone(baseline: Profile) -> int:
    """Return how many rows of ``baseline`` have a value that its other rows would call unseen."""
    if isinstance(baseline, Numbers):
        return 2
    return baseline.others + sum(count == 1 for count in baseline.counts.values())


def _psi(old: Array, new: Array) -> float:
    used = old + new > 0
    p = np.maximum(old[used], EMPTY) / old.sum()
    q = np.maximum(new[used], EMPTY) / new.sum()
    return float(((q - p) * np.log(q / p)).sum())


def _jensen_shannon(p: Array, q: Array) -> float:
    middle = (p + q) / 2
    parts = [
        float((side[side > 0] * np.log(side[side > 0] / middle[side > 0])).sum()) for side in (p, q)
    ]
    # Rounding may leave equal shares a hair below 0.
    return float(np.sqrt(max(sum(parts) / 2, 0.0)))


def _outside(baseline: Numbers, x: Array) -> float:
    """Return how many of sorted ``x`` lie outside of the range of ``baseline``."""
    if not len(baseline.points):
        return float(len(x))
    low, high = baseline.points[0], baseline.points[-1]
    within = np.searchsorted(x, high, "right") - np.searchsorted(x, low, "left")
    return float(len(x) - within)


def _curves(
    baseline: Numbers, x: Array, at_hand: Array | None
) -> tuple[float | None, float | None]:
    """Return Kolmogorov-Smirnov and Wasserstein, None where a side has no values."""
    if not baseline.there or not len(x):
        return None, None
    if at_hand is not None and len(at_hand) + len(x) <= EXACT_VALUES:
        return exact(at_hand, x)
    points, n, m = baseline.points, baseline.there, len(x)
    below, upto = np.searchsorted(x, points, "left"), np.searchsorted(x, points, "right")
    before, after = baseline.below / n - below / m, baseline.upto / n - upto / m
    furthest = float(max(np.abs(before).max(), np.abs(after).max()))
    return furthest, _area(baseline, x, before, after, between(x, below, upto))


def _area(baseline: Numbers, x: Array, before: Array, after: Array, sums: Array) -> float:
    """Return the area between two curves, of which it is known how far apart they are at points.

    ``before`` and ``after`` are the distances at each point from the left and from the right. The
    integral of a curve between two points follows from the sum of the values between them; where
    the curves cross there, they are taken to be straight.
    """
    points, n, m = baseline.points, baseline.there, len(x)
    below, upto = np.searchsorted(x, points, "left"), np.searchsorted(x, points, "right")
    width, left, right = np.diff(points), after[:-1], before[1:]
    ours = baseline.below[1:] - baseline.upto[:-1], baseline.sums[1:]
    theirs = below[1:] - upto[:-1], sums[1:]
    # A value between two points lifts its curve from there to the right end.
    lifted = [(points[1:] * count - total) for count, total in (ours, theirs)]
    whole = np.abs(left * width + lifted[0] / n - lifted[1] / m)
    height = np.abs(left) + np.abs(right)
    crossed = np.divide(left**2 + right**2, height, out=np.zeros_like(height), where=height > 0)
    area = np.where(left * right < 0, np.maximum(whole, crossed * width / 2), whole).sum()
    under, over = x[: below[0]], x[upto[-1] :]
    outside = (points[0] - under).sum() + (over - points[-1]).sum()
    return float(area + outside / m)


def exact(old: Array, new: Array) -> tuple[float, float]:
    """Return Kolmogorov-Smirnov and Wasserstein of sorted values, neither side empty."""
    both = np.concatenate([old, new])
    order = np.argsort(both, kind="stable")
    gaps = np.cumsum(np.where(order < len(old), 1 / len(old), -1 / len(new)))[:-1]
    width = np.diff(both[order])
    apart = np.abs(gaps[width > 0])
    return float(apart.max(initial=0.0)), float(np.abs(gaps) @ width)
