"""Trees as one TreeEnsemble of ONNX (ai.onnx.ml 5)."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ml.anatomy import Ensemble, Tree

_LEQ, _MEMBER = 0, 6


@dataclass
class Ensembled:
    """The arrays of a TreeEnsemble, filled tree by tree."""

    roots: list[int] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    mode: list[int] = field(default_factory=list)
    split: list[float] = field(default_factory=list)
    missing_true: list[int] = field(default_factory=list)
    true_id: list[int] = field(default_factory=list)
    true_leaf: list[int] = field(default_factory=list)
    false_id: list[int] = field(default_factory=list)
    false_leaf: list[int] = field(default_factory=list)
    members: list[float] = field(default_factory=list)
    leaf_target: list[int] = field(default_factory=list)
    leaf_weight: list[float] = field(default_factory=list)

    def add(self, tree: Tree, output: int) -> None:
        """Add what ``tree`` adds to its output ``output``."""
        if tree.feature[0] < 0:
            self._alone(tree, output)
            return
        self.roots.append(len(self.feature))
        inner = [int(at) for at in np.flatnonzero(tree.feature >= 0)]
        place = {at: len(self.feature) + rank for rank, at in enumerate(inner)}
        for at in inner:
            self._node(tree, at, place, tree.first + output, output)

    def attributes(self, targets: int) -> dict[str, Any]:
        """Return the attributes of the node."""
        found = {
            "n_targets": targets,
            "aggregate_function": 1,
            "post_transform": 0,
            "tree_roots": self.roots,
            "nodes_featureids": self.feature,
            "nodes_modes": np.array(self.mode, dtype=np.uint8),
            "nodes_splits": np.array(self.split, dtype=np.float64),
            "nodes_missing_value_tracks_true": self.missing_true,
            "nodes_truenodeids": self.true_id,
            "nodes_trueleafs": self.true_leaf,
            "nodes_falsenodeids": self.false_id,
            "nodes_falseleafs": self.false_leaf,
            "leaf_targetids": self.leaf_target,
            "leaf_weights": np.array(self.leaf_weight, dtype=np.float64),
        }
        if self.members:
            found["membership_values"] = np.array(self.members, dtype=np.float64)
        return found

    def _alone(self, tree: Tree, output: int) -> None:
        """Add a tree that is one leaf: a node both of whose ways lead to it."""
        self.roots.append(len(self.feature))
        leaf = self._leaf(tree.first + output, float(tree.value[0, output]))
        self._append(0, _LEQ, 0.0, 0, (leaf, 1), (leaf, 1))

    def _node(self, tree: Tree, at: int, place: dict[int, int], target: int, output: int) -> None:
        left, right = (
            (place[child], 0)
            if tree.feature[child] >= 0
            else (self._leaf(target, float(tree.value[child, output])), 1)
            for child in (int(tree.left[at]), int(tree.right[at]))
        )
        missing_left = bool(tree.missing_left[at])
        column = int(tree.feature[at])
        if at not in tree.codes:
            threshold = float(tree.threshold[at])
            threshold = math.copysign(1.7e308, threshold) if math.isinf(threshold) else threshold
            self._append(column, _LEQ, threshold, int(missing_left), left, right)
            return
        # Missing values and unknown codes are no members, so they go the other way.
        self.members += [*map(float, tree.codes[at]), math.nan]
        ways = (right, left) if missing_left else (left, right)
        self._append(column, _MEMBER, 0.0, 0, *ways)

    def _leaf(self, target: int, weight: float) -> int:
        self.leaf_target.append(target)
        self.leaf_weight.append(weight)
        return len(self.leaf_weight) - 1

    def _append(
        self,
        column: int,
        mode: int,
        split: float,
        missing_true: int,
        true: tuple[int, int],
        false: tuple[int, int],
    ) -> None:
        self.feature.append(column)
        self.mode.append(mode)
        self.split.append(split)
        self.missing_true.append(missing_true)
        self.true_id.append(true[0])
        self.true_leaf.append(true[1])
        self.false_id.append(false[0])
        self.false_leaf.append(false[1])


def ensembled(anatomy: Ensemble) -> dict[str, Any]:
    """Return the attributes of the TreeEnsemble that adds up the trees of ``anatomy``."""
    made = Ensembled()
    for tree in anatomy.trees:
        for output in range(tree.value.shape[1]):
            made.add(tree, output)
    return made.attributes(len(anatomy.base))
