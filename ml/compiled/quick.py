"""Trees of up to 64 leaves as bit vectors: QuickScorer, one look-up a tree and column.

Source: Lucchese et al., "QuickScorer: a fast algorithm to rank documents with additive ensembles
of regression trees", SIGIR 2015. Each leaf has a bit, the leftmost one the lowest. A node whose
answer is no takes away the leaves on its left; the lowest bit left over is where the row ends.
Here the answers to all nodes of a tree on one column are looked up at once, by the column's rank.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from ml.anatomy.trees import Ensemble, Tree
from ml.compiled.ranks import Ranker, Ranks
from ml.metrics import Array

Places = npt.NDArray[np.uint64]
MOST_LEAVES = 64
# Multiplied by a power of two, the upper bits of these differ: a leaf's place in `values`.
_MAGIC = {32: (0x077CB531, 27), 64: (0x03F79D71B4CB0A89, 58)}


@dataclass(frozen=True)
class Quick:
    """An ensemble as tables.

    Entry e of tree t, from ``starts[t]`` to ``starts[t + 1]``, ANDs ``masks[offsets[e] + rank]`` by
    the rank of column ``columns[e]``. ``values`` [trees, bits, width] are laid out by the lowest
    bit times a constant; tree t adds to the outputs from ``firsts[t]`` on.
    """

    starts: Places
    columns: Places
    offsets: Places
    masks: npt.NDArray[np.uint32] | npt.NDArray[np.uint64]
    values: Array
    firsts: Places

    def add(self, ranks: Ranks, out: Array) -> None:
        """Add what each tree tells of ``ranks`` [columns, rows] to ``out`` [outputs, rows]."""
        kind = self.masks.dtype.type
        magic, shift = _MAGIC[self.masks.dtype.itemsize * 8]
        tables = (self.starts, self.columns, self.offsets, self.masks, self.values, self.firsts)
        _add(ranks, *tables, kind(np.iinfo(kind).max), kind(magic), kind(shift), out)


def lay_out(ensemble: Ensemble, rankers: Sequence[Ranker]) -> Quick | None:
    """Return the tables of ``ensemble``, None where a tree has more leaves than there are bits."""
    leaves = max(int((tree.feature < 0).sum()) for tree in ensemble.trees)
    if leaves > MOST_LEAVES:
        return None
    bits = 32 if leaves <= 32 else 64
    of_ranks = [ranker.representatives for ranker in rankers]
    starts, columns, offsets, masks, values = [0], [], [0], [], []
    for tree in ensemble.trees:
        order, spans = _leaves(tree)
        for column in np.unique(tree.feature[tree.feature >= 0]):
            columns.append(int(column))
            masks.append(_masks(tree, int(column), of_ranks[column], spans, bits))
            offsets.append(offsets[-1] + len(masks[-1]))
        starts.append(len(columns))
        values.append(_values(tree, order, bits))
    # A tree that is a single leaf asks for no column.
    kind = np.uint32 if bits == 32 else np.uint64
    return Quick(
        np.array(starts, dtype=np.uint64),
        np.array(columns, dtype=np.uint64),
        np.array(offsets[:-1], dtype=np.uint64),
        np.concatenate([*masks, np.zeros(0, dtype=kind)]).astype(kind),
        np.stack(values),
        np.array([tree.first for tree in ensemble.trees], dtype=np.uint64),
    )


def _leaves(tree: Tree) -> tuple[list[int], dict[int, tuple[int, int, int]]]:
    """Return the leaves from left to right, and where those below each inner node begin and end.

    A span is the first leaf below, the first leaf of the right child, and the end.
    """
    order: list[int] = []
    spans: dict[int, tuple[int, int, int]] = {}
    stack = [(0, False, 0, 0)]
    while stack:
        node, done, begin, middle = stack.pop()
        if tree.feature[node] < 0:
            order.append(node)
        elif done:
            spans[node] = (begin, middle, len(order))
        elif middle < 0:
            stack += [(node, True, begin, len(order)), (int(tree.right[node]), False, 0, 0)]
        else:
            stack += [(node, False, len(order), -1), (int(tree.left[node]), False, 0, 0)]
    return order, spans


def _masks(
    tree: Tree, column: int, ranks: Array, spans: dict[int, tuple[int, int, int]], bits: int
) -> npt.NDArray[np.uint64]:
    """Return for each rank of ``column``, by a value of it, the leaves its nodes leave over."""
    masks = np.full(len(ranks), (1 << bits) - 1, dtype=np.uint64)
    for node in np.flatnonzero(tree.feature == column):
        begin, middle, _ = spans[int(node)]
        left = ((1 << middle) - 1) ^ ((1 << begin) - 1)
        masks[~goes_left(tree, int(node), ranks)] &= np.uint64(((1 << bits) - 1) ^ left)
    return masks


def goes_left(tree: Tree, node: int, values: Array) -> npt.NDArray[np.bool_]:
    """Return whether ``node`` sends each of ``values`` [n] to the left."""
    if node in tree.codes:
        other = np.isin(values, tree.codes[node])
        return np.asarray(other ^ tree.missing_left[node], dtype=np.bool_)
    below = values <= tree.threshold[node]
    return np.asarray(np.where(np.isnan(values), tree.missing_left[node], below), dtype=np.bool_)


def _values(tree: Tree, order: Sequence[int], bits: int) -> Array:
    """Return what each leaf adds [bits, width], by its bit times the constant."""
    magic, shift = _MAGIC[bits]
    laid = np.zeros((bits, tree.value.shape[1]))
    for at, node in enumerate(order):
        laid[((1 << at) * magic % (1 << bits)) >> shift] = tree.value[node]
    return laid


@numba.njit(cache=True, nogil=True)
def _add(  # type: ignore[no-untyped-def]
    ranks, starts, columns, offsets, masks, values, firsts, full, magic, shift, out
):
    zero, rows, width = magic - magic, np.uint64(ranks.shape[1]), np.uint64(values.shape[2])
    over = np.empty(ranks.shape[1], masks.dtype)
    for tree in range(np.uint64(len(firsts))):
        over[:] = full
        for entry in range(starts[tree], starts[tree + np.uint64(1)]):
            table, rank = masks[offsets[entry] :], ranks[columns[entry]]
            for row in range(rows):
                over[row] &= table[rank[row]]
        told = values[tree]
        for at in range(width):
            sums = out[firsts[tree] + at]
            for row in range(rows):
                lowest = over[row] & (zero - over[row])
                sums[row] += told[((lowest * magic) & full) >> shift, at]
