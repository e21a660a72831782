"""Trees of any size, walked a level at a time by all rows of a block at once.

The right child of a node stands behind its left one, and a leaf is its own left child, so that a
step needs no question but the node's own.
"""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from ml.anatomy.trees import Ensemble, Tree
from ml.metrics import Array

Places = npt.NDArray[np.uint64]
# `codes` says where in the bits the categories begin that the node sends to the left.
NODE = np.dtype(
    [
        ("threshold", "f8"),
        ("left", "u8"),
        ("codes", "u8"),
        ("feature", "u4"),
        ("missing_left", "u4"),
    ]
)
_NO_CODES = np.iinfo(np.uint64).max
_WORD = 64


@dataclass(frozen=True)
class Walk:
    """An ensemble as one list of ``nodes``; tree t begins at ``roots[t]``, ``depths[t]`` deep.

    A set of categories is ``words`` words of ``bits``. ``values`` [nodes, width] are added to the
    outputs from ``firsts[t]`` on.
    """

    roots: Places
    depths: Places
    firsts: Places
    nodes: npt.NDArray[Any]
    bits: Places
    words: int
    values: Array

    def add(self, block: Array, out: Array) -> None:
        """Add what each tree tells of ``block`` [columns, rows] to ``out`` [outputs, rows]."""
        trees = (self.roots, self.depths, self.firsts)
        _add(block, *trees, self.nodes, self.bits, np.uint64(self.words), self.values, out)


def lay_out(ensemble: Ensemble) -> Walk:
    """Return the nodes of every tree of ``ensemble``, one tree after the other."""
    listed = (code for tree in ensemble.trees for each in tree.codes.values() for code in each)
    words = max(listed, default=0) // _WORD + 1
    roots, depths, bits = [0], [], [0]
    nodes, values = [], []
    for tree in ensemble.trees:
        levels = _levels(tree)
        order = np.array([node for level in levels for node in level])
        nodes.append(_nodes(tree, order, roots[-1], bits, words))
        values.append(tree.value[order])
        roots.append(roots[-1] + len(order))
        depths.append(len(levels) - 1)
    return Walk(
        np.array(roots[:-1], dtype=np.uint64),
        np.array(depths, dtype=np.uint64),
        np.array([tree.first for tree in ensemble.trees], dtype=np.uint64),
        np.concatenate(nodes),
        np.array(bits, dtype=np.uint64),
        words,
        np.concatenate(values),
    )


def _levels(tree: Tree) -> list[list[int]]:
    """Return the nodes of ``tree`` by their depth, brothers side by side."""
    levels = [[0]]
    while inner := [node for node in levels[-1] if tree.feature[node] >= 0]:
        levels.append([int(child) for at in inner for child in (tree.left[at], tree.right[at])])
    return levels


def _nodes(
    tree: Tree, order: npt.NDArray[Any], root: int, bits: list[int], words: int
) -> npt.NDArray[Any]:
    """Return the nodes of ``tree`` in their ``order``, the first one at place ``root``."""
    leaf = tree.feature[order] < 0
    place = np.zeros(len(tree.feature), dtype=np.uint64)
    place[order] = np.arange(root, root + len(order))
    nodes = np.zeros(len(order), dtype=NODE)
    nodes["feature"] = np.where(leaf, 0, tree.feature[order])
    nodes["threshold"] = np.where(leaf, np.inf, tree.threshold[order])
    nodes["left"] = place[np.where(leaf, order, tree.left[order])]
    nodes["missing_left"] = leaf | tree.missing_left[order]
    nodes["codes"] = [_keep(tree, int(node), bits, words) for node in order]
    return nodes


def _keep(tree: Tree, node: int, bits: list[int], words: int) -> int:
    """Add the categories that ``node`` sends to the left to ``bits``; return where they begin."""
    if node not in tree.codes:
        return int(_NO_CODES)
    listed = sum(1 << code for code in tree.codes[node])
    # The categories listed go the other way than missing values do.
    left = (1 << (words * _WORD)) - 1 - listed if tree.missing_left[node] else listed
    begin = len(bits)
    bits += [(left >> (_WORD * word)) % (1 << _WORD) for word in range(words)]
    return begin


@numba.njit(cache=True, nogil=True)
def _add(block, roots, depths, firsts, nodes, bits, words, values, out):  # type: ignore[no-untyped-def]
    rows, width = np.uint64(block.shape[1]), np.uint64(values.shape[1])
    none, one = np.uint64(_NO_CODES), np.uint64(1)
    six, rest = np.uint64(6), np.uint64(63)
    here = np.empty(block.shape[1], np.uint64)
    for tree in range(np.uint64(len(roots))):
        here[:] = roots[tree]
        for _ in range(depths[tree]):
            for row in range(rows):
                node = nodes[here[row]]
                value = block[np.uint64(node.feature), row]
                if value != value:
                    left = node.missing_left != 0
                elif node.codes == none:
                    left = value <= node.threshold
                else:
                    code = np.uint64(value)
                    if code >> six < words:
                        word = bits[node.codes + (code >> six)]
                        left = (word >> (code & rest)) & one == one
                    else:
                        left = node.missing_left != 0
                here[row] = node.left + (np.uint64(0) if left else one)
        for at in range(width):
            sums = out[firsts[tree] + at]
            for row in range(rows):
                sums[row] += values[here[row], at]
