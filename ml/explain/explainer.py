"""Explanations: exact for linear models and words, along the path for trees."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, vstack

from ml.anatomy import Anatomy, Ensemble, Linear, Opaque, Tree, Words, dissect
from ml.anatomy.trees import Link
from ml.data.features import Inputs
from ml.errors import UsageError
from ml.evaluation.metrics import Array, Codes
from ml.explain.explanation import Explanation, Space
from ml.model import Model

_SPACES: dict[Link, Space] = {
    "identity": "number",
    "exp": "logarithm",
    "sigmoid": "log-odds",
    "softmax": "log-odds",
    "proportion": "probability",
}


def explain(model: Model, inputs: Inputs) -> Explanation:
    """Return what each feature adds to the raw score of each row of ``inputs``.

    See :class:`Explainer`, which is for many batches.
    """
    return Explainer(model).explain(inputs)


class Explainer:
    """Explains what ``model`` tells, batch by batch.

    Raises UsageError for an estimator that cannot be explained.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        try:
            self.anatomy: Anatomy = dissect(model)
        except Opaque as opaque:
            raise UsageError(
                f"{opaque} cannot be explained; allowed: linear models, trees and forests, "
                "boosted trees, text_classifier",
                fix="take score.explain out of the declaration, or choose another estimator",
            ) from None

    def explain(self, inputs: Inputs, output: Codes | None = None) -> Explanation:
        """Explain each row of ``inputs``: for two classes the positive one, for more that told.

        ``output`` [rows] chooses the class instead. Linear models: each weight times how far the
        column lies from its mean over the rows learnt from (a category: from the plain mean of
        the categories). Trees: the change of the mean at each step of the row's path goes to the
        feature asked there (Saabas 2014, "Interpreting random forests").
        """
        chosen = self._output(inputs) if output is None else self._at(output)
        contributions = self._by_output(chosen, inputs)
        return Explanation(self.names, self._base, contributions, chosen, self.space)

    @property
    def names(self) -> tuple[str, ...]:
        """What contributes: the features, or the terms of a text."""
        if isinstance(self.anatomy, Words):
            return self.anatomy.terms
        return tuple(feature.name for feature in self.model.encoder.features)

    @property
    def space(self) -> Space:
        """What the contributions are in."""
        return _SPACES[self.anatomy.link]

    def _output(self, inputs: Inputs) -> Codes:
        if len(self._base) <= 2:
            return np.full(len(inputs), len(self._base) - 1, dtype=np.int64)
        return self.model.decide(self.model.tell(inputs))

    def _at(self, classes: Codes) -> Codes:
        """Return the output of each class; two classes share the one of the positive class."""
        return classes if len(self._base) > 2 else np.full_like(classes, len(self._base) - 1)

    def _by_output(self, chosen: Codes, inputs: Inputs) -> Any:
        """Return the contributions to the output chosen for each row, in the rows' order."""
        numbers = np.unique(chosen)
        if len(numbers) == 1:
            return self._contributions(int(numbers[0]), inputs)
        places = [np.flatnonzero(chosen == number) for number in numbers]
        parts = [
            self._contributions(int(number), inputs[at])
            for number, at in zip(numbers, places, strict=True)
        ]
        back = np.argsort(np.concatenate(places)) if places else np.empty(0, dtype=np.int64)
        if isinstance(self.anatomy, Words):
            return vstack(parts, format="csr")[back] if parts else csr_matrix((0, len(self.names)))
        return np.concatenate(parts)[back] if parts else np.zeros((0, len(self.names)))

    def _contributions(self, output: int, inputs: Inputs) -> Any:
        anatomy = self.anatomy
        if isinstance(anatomy, Words):
            found = csr_matrix(anatomy.vectorizer.transform(inputs), dtype=np.float64)
            return found.multiply(anatomy.weights[output]).tocsr()
        if isinstance(anatomy, Linear):
            return _linear(anatomy, output, inputs, len(self.names))
        total = np.zeros((len(inputs), len(self.names)))
        for leaf, paths in zip(anatomy.leaves(inputs), self._paths(output), strict=True):
            if paths is not None:
                total += paths()[leaf]
        return total

    def _paths(self, output: int) -> list[Callable[[], Array] | None]:
        """Return for each tree what makes [nodes, features] of what a path to a node adds."""
        anatomy = self.anatomy
        assert isinstance(anatomy, Ensemble)
        owners = np.array([cell.feature for cell in anatomy.columns], dtype=np.int64)
        width, divisor = len(self.names), anatomy.divisor

        def later(tree: Tree, at: int) -> Callable[[], Array]:
            return lambda: _path_contributions(tree, at, owners, width) / divisor

        return [
            later(tree, output - tree.first) if _has(tree, output) else None
            for tree in anatomy.trees
        ]

    @cached_property
    def _base(self) -> Array:
        anatomy = self.anatomy
        if isinstance(anatomy, Words):
            return anatomy.intercept
        if isinstance(anatomy, Linear):
            means = np.array([cell.reference for cell in anatomy.columns])
            return np.asarray(anatomy.intercept + anatomy.weights @ means)
        total = np.zeros_like(anatomy.base)
        for tree in anatomy.trees:
            total[tree.first : tree.first + tree.value.shape[1]] += tree.value[0]
        return np.asarray(anatomy.base + total / anatomy.divisor)


def _has(tree: Tree, output: int) -> bool:
    return output in range(tree.first, tree.first + tree.value.shape[1])


def _linear(anatomy: Linear, output: int, inputs: Inputs, width: int) -> Array:
    total = np.zeros((len(inputs), width))
    for weight, cell in zip(anatomy.weights[output], anatomy.columns, strict=True):
        total[:, cell.feature] += weight * (cell.values(inputs) - cell.reference)
    return total


def _path_contributions(tree: Tree, output: int, owners: Codes, width: int) -> Array:
    """Return what the path from the root to each node adds, by feature [nodes, features]."""
    found = np.zeros((len(tree.feature), width))
    value = tree.value[:, output]
    for at in range(len(tree.feature)):
        if tree.feature[at] >= 0:
            owner = owners[tree.feature[at]]
            for child in (tree.left[at], tree.right[at]):
                found[child] = found[at]
                found[child, owner] += value[child] - value[at]
    return found
