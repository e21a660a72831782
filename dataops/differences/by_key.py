"""The rows of two tables matched by a key that is unique in both."""

from dataops.differences.comparison import Comparison, Rows
from dataops.differences.difference import ColumnDifference
from dataops.differences.pairs import Pair
from dataops.differences.samples import changed_samples, whole_samples
from dataops.differences.sides import Side


def compare_by_key(comparison: Comparison) -> Rows:
    """Return which rows were added, removed and changed, and what changed in which columns."""
    _keep_unequal(comparison)
    _keep_moved(comparison)
    added, removed = comparison.one(
        "select count(*) filter (where o_id is null), count(*) filter (where n_id is null) "
        "from moved"
    )
    changed, columns = _changes(comparison)
    samples = (
        *changed_samples(comparison, [column.name for column in columns]),
        *whole_samples(comparison, "added", "o_id is null"),
        *whole_samples(comparison, "removed", "n_id is null"),
    )
    return Rows(added, removed, changed, columns, samples)


def _keep_unequal(comparison: Comparison) -> None:
    """Keep the rows whose hash the other side has not: keys are read of these alone."""
    old, new = comparison.hashed(comparison.old), comparison.hashed(comparison.new)
    comparison.keep(
        "unequal",
        f"select o.id as o_id, n.id as n_id from ({old}) as o full join ({new}) as n on o.h = n.h "
        "where o.id is null or n.id is null",
    )


def _keep_moved(comparison: Comparison) -> None:
    """Keep the rows that are not equal, matched by key."""
    old, new = (
        f"select {side.alias}.rowid as id, "
        + ", ".join(f"{pair.compared(side)} as k{at}" for at, pair in enumerate(comparison.key))
        + f" from unequal inner join {side.source} as {side.alias} "
        f"on {side.alias}.rowid = unequal.{side.alias}_id"
        for side in (comparison.old, comparison.new)
    )
    same = " and ".join(
        f"o.k{at} is not distinct from n.k{at}" for at in range(len(comparison.key))
    )
    comparison.keep(
        "moved",
        f"select o.id as o_id, n.id as n_id from ({old}) as o full join ({new}) as n on {same}",
    )


def _changes(comparison: Comparison) -> tuple[int, tuple[ColumnDifference, ...]]:
    """Return how many rows changed, and the columns that did with what that did to them."""
    others = [pair for pair in comparison.pairs if pair not in comparison.key]
    if not others:
        return 0, ()
    counts = [f"count(*) filter (where {pair.differs})" for pair in others]
    farthest = [_farthest(pair) for pair in others]
    changed, *found = comparison.one(
        f"select count(*) filter (where {' or '.join(pair.differs for pair in others)}), "
        f"{', '.join(counts + farthest)} from {comparison.joined}"
    )
    columns = (
        ColumnDifference(
            pair.name,
            count,
            _mean(comparison, pair, comparison.old),
            _mean(comparison, pair, comparison.new),
            largest,
        )
        for pair, count, largest in zip(others, found, found[len(others) :], strict=False)
        if count
    )
    return changed, tuple(columns)


def _farthest(pair: Pair) -> str:
    if pair.masked or not pair.is_number:
        return "null"
    return f"max({pair.distance}) filter (where isfinite({pair.distance}))"


def _mean(comparison: Comparison, pair: Pair, side: Side) -> float | None:
    if pair.masked or not pair.is_number:
        return None
    mean = f"avg({pair.number(side)})"
    (found,) = comparison.one(f"select case when isfinite({mean}) then {mean} end {side.from_sql}")
    return None if found is None else float(found)
