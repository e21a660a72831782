"""Trees of up to 64 leaves as bit vectors: every node is asked, none is walked to.

Source: Lucchese et al., "QuickScorer: a fast algorithm to rank documents with additive ensembles
of regression trees", SIGIR 2015; and the same over many rows at once, Lucchese et al., "Exploiting
CPU SIMD extensions to speed-up document scoring with tree ensembles", SIGIR 2016.

Each leaf has a bit, the leftmost one the lowest. A node that sends a row to the right takes the
leaves below its left child away from it; the lowest bit left is the leaf where the row ends. That
is one comparison and one AND a node and row without a branch, sixteen rows to an instruction.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba.cpython.unsafe.numbers import trailing_zeros

from ml.compiled.kernel import kernel
from ml.compiled.ranks import Numbers, Ranker, Ranks, RankType, goes_right, narrowest
from ml.evaluation.metrics import Array
from ml.trees.tree import LEAF, Flags, Tree, Trees, Whole

MOST_LEAVES = 64
# As many rows as keep a block's bits, sums and ranks in the first-level cache, or nearly.
_BLOCK = 1024
# Nodes taken at once, so that the bits of a row are read and written once for all of them.
_AT_ONCE = 4
# A category is compared with so many spans of codes sooner than it is looked up in a table.
_MOST_SPANS = 8

Masks = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Quick:
    """An ensemble as tables.

    Tree t asks the nodes from ``nodes[t]`` to ``nodes[t + 1]``, a multiple of four: node n ANDs
    ``keeps[n]`` where the rank of column ``columns[n]`` is from ``lows[n]`` to ``spans[n]`` above
    it. Then from ``asks[t]`` to ``asks[t + 1]`` it ANDs ``tables[a, rank]`` by the rank of the
    category ``asked[a]``. Its leaves have ``values`` [trees, width, bits], added to the outputs
    from ``firsts[t]`` on. Columns are counted as the ranks are.
    """

    nodes: Whole
    columns: Whole
    lows: Ranks
    spans: Ranks
    keeps: Masks
    asks: Whole
    asked: Whole
    tables: Masks
    values: Array
    firsts: Whole

    @property
    def rank_type(self) -> RankType:
        """The type of the ranks it reads."""
        kind: RankType = self.lows.dtype.type
        return kind

    def add(self, ranks: Ranks, out: Array) -> None:
        """Add what each tree tells of ``ranks`` [columns, rows] to ``out`` [outputs, rows]."""
        full = self.keeps.dtype.type(np.iinfo(self.keeps.dtype).max)
        masks = np.empty(_BLOCK, dtype=self.keeps.dtype)
        _add(
            ranks, self.nodes, self.columns, self.lows, self.spans, self.keeps,
            self.asks, self.asked, self.tables, self.values, self.firsts, full, masks, out,
        )  # fmt: skip


class _Tables:
    """The tables of an ensemble while its trees are laid out one after another."""

    def __init__(self, places: dict[int, int], rankers: dict[int, Ranker], bits: int) -> None:
        self.places = places
        self.rankers = rankers
        self.full = (1 << bits) - 1
        self.nodes: list[tuple[int, int, int, int]] = []
        self.asked: list[int] = []
        self.tables: list[npt.NDArray[np.uint64]] = []

    def add(self, tree: Tree, below: dict[int, tuple[int, int]]) -> None:
        """Lay out the nodes of ``tree``, whose left children have the leaves ``below``."""
        tables: dict[int, npt.NDArray[np.uint64]] = {}
        for node, (begin, end) in below.items():
            keep = self.full ^ ((1 << end) - (1 << begin))
            column = int(tree.feature[node])
            ranker = self.rankers[column]
            if isinstance(ranker, Numbers):
                low, high = ranker.right(tree.threshold[node], tree.missing_left[node])
                if low <= high:
                    self.nodes.append((self.places[column], int(low), int(high - low), keep))
                continue
            right = goes_right(tree, node)
            spans = _spans(right)
            if len(spans) <= _MOST_SPANS:
                self.nodes += [(self.places[column], low, size, keep) for low, size in spans]
            else:
                every = np.full(len(right), self.full, dtype=np.uint64)
                tables.setdefault(column, every)[right] &= np.uint64(keep)
        # What is left over to the next multiple takes nothing away.
        self.nodes += [(0, 0, 0, self.full)] * (-len(self.nodes) % _AT_ONCE)
        self.asked += [self.places[column] for column in tables]
        self.tables += tables.values()


def lay_out(trees: Trees, rankers: dict[int, Ranker]) -> Quick | None:
    """Return the tables of ``trees``, None where a tree has more leaves than there are bits.

    The ranks are to be in the order of ``rankers``.
    """
    leaves = max(tree.leaves for tree in trees.each)
    kind = narrowest(list(rankers.values()))
    if leaves > MOST_LEAVES or kind is np.uint32:
        return None
    bits = 32 if leaves <= 32 else 64
    tables = _Tables({column: at for at, column in enumerate(rankers)}, rankers, bits)
    width = trees.each[0].values.shape[1]
    values = np.zeros((len(trees.each), width, bits))
    nodes, asks = [0], [0]
    for at, tree in enumerate(trees.each):
        order, below = _leaves(tree)
        tables.add(tree, below)
        nodes.append(len(tables.nodes))
        asks.append(len(tables.tables))
        values[at, :, : len(order)] = tree.values[order].T
    return _made(tables, nodes, asks, values, trees, kind)


def _made(
    tables: _Tables, nodes: list[int], asks: list[int], values: Array, trees: Trees, kind: RankType
) -> Quick:
    masks: type[np.uint32] | type[np.uint64] = np.uint32 if values.shape[2] == 32 else np.uint64
    columns, lows, spans, keeps = zip(*tables.nodes, strict=True) if tables.nodes else ([],) * 4
    # Without categories there is still a table, never read, so that its shape is always known.
    laid: Any = tables.tables or [np.zeros(1, dtype=np.uint64)]
    return Quick(
        nodes=np.array(nodes, dtype=np.int64),
        columns=np.array(columns, dtype=np.uint64),
        lows=np.array(lows, dtype=kind),
        spans=np.array(spans, dtype=kind),
        keeps=np.array(keeps, dtype=np.uint64).astype(masks),
        asks=np.array(asks, dtype=np.int64),
        asked=np.array(tables.asked, dtype=np.uint64),
        tables=np.stack(laid).astype(masks),
        values=values,
        firsts=np.array([tree.first for tree in trees.each], dtype=np.uint64),
    )


def _spans(right: Flags) -> list[tuple[int, int]]:
    """Return where ranks that are sent to the right follow one another: the first, how far on."""
    edges = np.flatnonzero(np.diff(right, prepend=False, append=False))
    return [
        (int(low), int(end - low - 1)) for low, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def _leaves(tree: Tree) -> tuple[list[int], dict[int, tuple[int, int]]]:
    """Return the leaves from left to right, and for each inner node those below its left child.

    These are told by the places of the first one and of the one after the last.
    """
    order: list[int] = []
    below: dict[int, tuple[int, int]] = {}
    # A node is met before its left child (None) and again after it (where that began).
    todo: list[tuple[int, int | None]] = [(0, None)]
    while todo:
        node, began = todo.pop()
        if tree.feature[node] == LEAF:
            order.append(node)
        elif began is None:
            todo += [(node, len(order)), (int(tree.left[node]), None)]
        else:
            below[node] = (began, len(order))
            todo.append((int(tree.right[node]), None))
    return order, below


@kernel
def _add(  # type: ignore[no-untyped-def]
    ranks, nodes, columns, lows, spans, keeps, asks, asked, tables, values, firsts, full, masks, out
) -> None:
    narrow = lows.dtype.type
    for start in range(0, ranks.shape[1], len(masks)):
        # Views of the block: an index that is plainly not negative lets the loops be vectors.
        block = ranks[:, start : start + len(masks)]
        sums = out[:, start : start + len(masks)]
        rows = block.shape[1]
        for tree in range(len(firsts)):
            for row in range(rows):
                masks[row] = full
            for node in range(nodes[tree], nodes[tree + 1], 4):
                c0, c1, c2, c3 = (
                    columns[node],
                    columns[node + 1],
                    columns[node + 2],
                    columns[node + 3],
                )
                l0, l1, l2, l3 = lows[node], lows[node + 1], lows[node + 2], lows[node + 3]
                s0, s1, s2, s3 = spans[node], spans[node + 1], spans[node + 2], spans[node + 3]
                k0, k1, k2, k3 = keeps[node], keeps[node + 1], keeps[node + 2], keeps[node + 3]
                for row in range(rows):
                    a = k0 if narrow(block[c0, row] - l0) <= s0 else full
                    b = k1 if narrow(block[c1, row] - l1) <= s1 else full
                    c = k2 if narrow(block[c2, row] - l2) <= s2 else full
                    d = k3 if narrow(block[c3, row] - l3) <= s3 else full
                    masks[row] = masks[row] & a & b & c & d
            for ask in range(asks[tree], asks[tree + 1]):
                column = asked[ask]
                for row in range(rows):
                    masks[row] &= tables[ask, block[column, row]]
            for each in range(values.shape[1]):
                told = sums[firsts[tree] + each]
                leaves = values[tree, each]
                for row in range(rows):
                    lowest: Any = trailing_zeros(masks[row])  # type: ignore[call-arg]
                    told[row] += leaves[np.uint64(lowest)]
