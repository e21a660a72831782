"""The rows of two tables without a key: how often each occurs."""

from dataops.differences.comparison import Comparison, Rows
from dataops.differences.samples import whole_samples


def compare_as_multiset(comparison: Comparison) -> Rows:
    """Return how many rows were added and removed; a changed row is one of each.

    Rows are counted by their hash: no memory is spent on their values.
    """
    old, new = (
        f"select h, min(id) as id, count(*) as times from ({comparison.hashed(side)}) group by h"
        for side in (comparison.old, comparison.new)
    )
    comparison.keep(
        "moved",
        "select o.id as o_id, n.id as n_id, coalesce(n.times, 0) - coalesce(o.times, 0) as more "
        f"from ({old}) as o full join ({new}) as n on o.h = n.h "
        "where o.times is distinct from n.times",
    )
    added, removed = comparison.one(
        "select coalesce(sum(more) filter (where more > 0), 0)::bigint, "
        "coalesce(-sum(more) filter (where more < 0), 0)::bigint from moved"
    )
    samples = (
        *whole_samples(comparison, "added", "more > 0"),
        *whole_samples(comparison, "removed", "more < 0"),
    )
    return Rows(added, removed, samples=samples)
