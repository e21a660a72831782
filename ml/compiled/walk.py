"""Trees of any size, walked by sixteen rows at a time.

The right child of a node stands behind its left one and a leaf is its own left child, so that a
step has no branch and the sixteen walks do not wait for one another's reads.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.compiled.kernel import kernel
from ml.compiled.ranks import Numbers, Ranker, Ranks, RankType, goes_right, narrowest
from ml.evaluation.metrics import Array
from ml.trees.tree import CODES, LEAF, Flags, Tree, Trees, Whole

Places = npt.NDArray[np.uint32]
_BLOCK = 1024
_LANES = 16
_NO_SET = np.uint32(np.iinfo(np.uint32).max)


@dataclass(frozen=True)
class Walk:
    """An ensemble as one list of nodes; tree t begins at ``roots[t]``.

    Node n goes to ``nexts[n]``, one further where the rank of column ``columns[n]`` is from
    ``lows[n]`` to ``spans[n]`` above it, or where it is in the set ``sets[members[n], rank]``.
    A leaf goes to itself. ``values`` [nodes, width] are added to the outputs from ``firsts[t]``
    on. Columns are counted as the ranks are.
    """

    roots: Whole
    firsts: Whole
    nexts: Places
    columns: Places
    lows: Ranks
    spans: Ranks
    members: Places
    sets: Flags
    values: Array

    @property
    def rank_type(self) -> RankType:
        """The type of the ranks it reads."""
        kind: RankType = self.lows.dtype.type
        return kind

    def add(self, ranks: Ranks, out: Array) -> None:
        """Add what each tree tells of ``ranks`` [columns, rows] to ``out`` [outputs, rows]."""
        block = np.empty((_BLOCK, len(ranks)), dtype=self.rank_type)
        _add(
            ranks, self.roots, self.firsts, self.nexts, self.columns, self.lows, self.spans,
            self.members, self.sets, self.values, block, np.empty(_LANES, dtype=np.uint32), out,
        )  # fmt: skip


def lay_out(trees: Trees, rankers: dict[int, Ranker]) -> Walk:
    """Return the nodes of every tree; the ranks are to be in the order of ``rankers``."""
    # One value of the type is no rank, so that a leaf can ask for it and never find it.
    kind = narrowest(list(rankers.values()), spare=1)
    orders = [_by_level(tree) for tree in trees.each]
    roots = np.cumsum([0, *map(len, orders)])
    size = int(roots[-1])
    sets = sum(len(tree.members) for tree in trees.each)
    walk = Walk(
        roots=roots[:-1].astype(np.int64),
        firsts=np.array([tree.first for tree in trees.each], dtype=np.int64),
        nexts=np.arange(size, dtype=np.uint32),
        columns=np.zeros(size, dtype=np.uint32),
        lows=np.full(size, np.iinfo(kind).max, dtype=kind),
        spans=np.zeros(size, dtype=kind),
        members=np.full(size, _NO_SET, dtype=np.uint32),
        sets=np.zeros((sets, CODES + 1), dtype=bool),
        values=np.concatenate(
            [tree.values[order] for tree, order in zip(trees.each, orders, strict=True)]
        ),
    )
    filled = 0
    for tree, order, root in zip(trees.each, orders, roots, strict=False):
        _lay_nodes(walk, tree, order, int(root), rankers)
        filled = _lay_sets(walk, tree, order, int(root), filled)
    return walk


def _by_level(tree: Tree) -> Whole:
    """Return the nodes of ``tree`` level by level, brothers side by side."""
    levels = []
    level = np.zeros(1, dtype=np.int64)
    while len(level):
        levels.append(level)
        inner = level[tree.feature[level] != LEAF]
        level = np.stack([tree.left[inner], tree.right[inner]], axis=1).ravel()
    return np.concatenate(levels)


def _lay_nodes(walk: Walk, tree: Tree, order: Whole, root: int, rankers: dict[int, Ranker]) -> None:
    """Write the children of the inner nodes of ``tree``, and what they ask of numbers."""
    place = np.zeros(len(order), dtype=np.int64)
    place[order] = np.arange(root, root + len(order))
    for at, (column, ranker) in enumerate(rankers.items()):
        nodes = order[tree.feature[order] == column]
        walk.nexts[place[nodes]] = place[tree.left[nodes]]
        walk.columns[place[nodes]] = at
        if isinstance(ranker, Numbers):
            lows, highs = ranker.right(tree.threshold[nodes], tree.missing_left[nodes])
            some = lows <= highs
            walk.lows[place[nodes[some]]] = lows[some]
            walk.spans[place[nodes[some]]] = (highs - lows)[some]


def _lay_sets(walk: Walk, tree: Tree, order: Whole, root: int, filled: int) -> int:
    """Write the sets of categories of ``tree`` after the ``filled`` ones; return how many now."""
    for at in np.flatnonzero(tree.member[order] >= 0):
        walk.members[root + at] = filled
        walk.sets[filled] = goes_right(tree, int(order[at]))
        filled += 1
    return filled


@kernel
def _add(  # type: ignore[no-untyped-def]
    ranks, roots, firsts, nexts, columns, lows, spans, members, sets, values, block, here, out
) -> None:
    narrow = lows.dtype.type
    asks_sets = len(sets) > 0
    for start in range(0, ranks.shape[1], len(block)):
        rows = min(len(block), ranks.shape[1] - start)
        for column in range(len(ranks)):
            for row in range(rows):
                block[row, column] = ranks[column, start + row]
        for tree in range(len(roots)):
            for group in range(0, rows, len(here)):
                # The last group is filled up with its last row, told once.
                for lane in range(len(here)):
                    here[lane] = roots[tree]
                moved = True
                while moved:
                    moved = False
                    for lane in range(len(here)):
                        node = here[lane]
                        rank = block[min(group + lane, rows - 1), columns[node]]
                        right = narrow(rank - lows[node]) <= spans[node]
                        if asks_sets and members[node] != _NO_SET:
                            right = sets[members[node], rank]
                        then = np.uint32(nexts[node] + (1 if right else 0))
                        moved |= then != node
                        here[lane] = then
                for lane in range(min(len(here), rows - group)):
                    for each in range(values.shape[1]):
                        out[firsts[tree] + each, start + group + lane] += values[here[lane], each]
