"""Shallow trees filled up to one depth, so that a walk has as many steps for every row.

A node's children stand at twice its place and one further; a leaf above the last level sends every
row to the left. A column is there twice, once with what is missing first and once with it last, so
that a node needs one comparison to send it either way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.compiled.kernel import kernel
from ml.compiled.ranks import Numbers, Ranker, Ranks, RankType
from ml.evaluation.metrics import Array
from ml.trees.tree import LEAF, Tree, Trees

# A deeper tree filled up would be larger than it is worth.
MOST_DEPTH = 10
_BLOCK = 256
_NEVER = np.uint32(np.iinfo(np.uint16).max)
_COLUMN = 16


@dataclass(frozen=True)
class Perfect:
    """An ensemble of trees of ``depth``.

    Tree t has the inner nodes ``nodes[t]`` [2 ** depth], the first place being empty: the column
    in the upper half of each, and in the lower half the least rank that is sent to the right. Its
    leaves have ``values[t]`` [width, 2 ** depth], added to the outputs from ``firsts[t]`` on.
    ``missing`` [columns] are the ranks of what is missing.
    """

    depth: int
    nodes: npt.NDArray[np.uint32]
    values: Array
    firsts: npt.NDArray[np.uint64]
    missing: npt.NDArray[np.uint16]

    @property
    def rank_type(self) -> RankType:
        """The type of the ranks it reads."""
        return np.uint16

    def add(self, ranks: Ranks, out: Array) -> None:
        """Add what each tree tells of ``ranks`` [columns, rows] to ``out`` [outputs, rows]."""
        # Four rows are told at once; those after the last of a block are told for nothing.
        block = np.zeros((_BLOCK + 4, 2 * len(ranks)), dtype=np.uint16)
        ends = np.empty(_BLOCK + 4, dtype=np.uint64)
        _add(
            ranks, self.missing, self.depth, self.nodes, self.values, self.firsts, block, ends, out
        )  # fmt: skip


def lay_out(trees: Trees, rankers: Mapping[int, Ranker]) -> Perfect | None:
    """Return ``trees`` filled up; None where one is deeper, or asks for what is no number.

    The ranks are to be in the order of ``rankers``.
    """
    numbers = {column: each for column, each in rankers.items() if isinstance(each, Numbers)}
    depth = max(map(_depth, trees.each))
    most = max((each.missing for each in numbers.values()), default=0)
    if depth > MOST_DEPTH or len(numbers) < len(rankers) or most >= _NEVER:
        return None
    width, size = trees.each[0].values.shape[1], 2**depth
    nodes = np.full((len(trees.each), size), _NEVER, dtype=np.uint32)
    values = np.zeros((len(trees.each), width, size))
    places = {column: at for at, column in enumerate(numbers)}
    for at, tree in enumerate(trees.each):
        asked = _asked(tree, numbers, places)
        for place, node in _places(tree):
            if tree.feature[node] != LEAF:
                nodes[at, place] = asked[node]
            else:
                # All that lies below the leaf on the last level.
                below = size >> (place.bit_length() - 1)
                start = place * below - size
                values[at, :, start : start + below] = tree.values[node][:, None]
    firsts = np.array([tree.first for tree in trees.each], dtype=np.uint64)
    missing = np.array([each.missing for each in numbers.values()], dtype=np.uint16)
    return Perfect(depth, nodes, values, firsts, missing)


def _asked(
    tree: Tree, numbers: Mapping[int, Numbers], places: Mapping[int, int]
) -> npt.NDArray[np.uint32]:
    """Return column and least rank to the right of each inner node of ``tree``."""
    asked = np.zeros(len(tree.feature), dtype=np.uint32)
    for column, ranker in numbers.items():
        nodes = np.flatnonzero(tree.feature == column)
        lows, _ = ranker.right(tree.threshold[nodes], tree.missing_left[nodes])
        first = np.where(tree.missing_left[nodes], len(numbers), 0) + places[column]
        asked[nodes] = (first.astype(np.uint32) << _COLUMN) | lows.astype(np.uint32)
    return asked


def _depth(tree: Tree) -> int:
    return max(place.bit_length() for place, _ in _places(tree)) - 1


def _places(tree: Tree) -> list[tuple[int, int]]:
    """Return the place and the node of each node of ``tree``; the root has place 1."""
    found, todo = [], [(1, 0)]
    while todo:
        place, node = todo.pop()
        found.append((place, node))
        if tree.feature[node] != LEAF:
            todo += [(2 * place, int(tree.left[node])), (2 * place + 1, int(tree.right[node]))]
    return found


@kernel
def _add(  # type: ignore[no-untyped-def]
    ranks, missing, depth, nodes, values, firsts, block, ends, out
) -> None:
    # Every index is plainly not negative, and no row is sliced out: that would be counted.
    many, size, last = np.uint64(len(ranks)), np.uint64(nodes.shape[1]), len(block) - 4
    stride, root = np.uint64(2) * many, np.uint64(1)
    shift, low = np.uint32(16), np.uint32(0xFFFF)
    flat = block.ravel()
    for start in range(0, ranks.shape[1], last):
        rows = min(last, ranks.shape[1] - start)
        for column in range(len(ranks)):
            gone, here = missing[column], np.uint64(column)
            for row in range(rows):
                rank = ranks[column, start + row]
                flat[here] = rank
                flat[here + many] = 0 if rank == gone else rank
                here += stride
        for tree in range(len(nodes)):
            each = nodes[tree]
            for row in range(0, rows, 4):
                one = np.uint64(row) * stride
                two, three, four = one + stride, one + stride + stride, one + np.uint64(3) * stride
                a, b, c, d = root, root, root, root
                for _ in range(depth):
                    n, o, p, q = each[a], each[b], each[c], each[d]
                    a = a + a + np.uint64(flat[one + (n >> shift)] >= (n & low))
                    b = b + b + np.uint64(flat[two + (o >> shift)] >= (o & low))
                    c = c + c + np.uint64(flat[three + (p >> shift)] >= (p & low))
                    d = d + d + np.uint64(flat[four + (q >> shift)] >= (q & low))
                ends[row], ends[row + 1] = a - size, b - size
                ends[row + 2], ends[row + 3] = c - size, d - size
            for width in range(values.shape[1]):
                leaves = values[tree, width]
                told = out[firsts[tree] + np.uint64(width), start : start + rows]
                for row in range(rows):
                    told[row] += leaves[ends[row]]
