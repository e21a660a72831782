"""An ensemble of trees compiled: ranks, bit vectors or a walk of two, then the estimator's link."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.compiled import perfect, quick, walk
from ml.compiled.column import Values
from ml.compiled.ranks import Numbers, Ranker, blank, rank_codes, rank_numbers, rankers
from ml.evaluation.metrics import Array
from ml.trees import boosted, forests, isolation
from ml.trees.tree import Trees


@dataclass(frozen=True)
class CompiledTrees:
    """Tells bit for bit what the estimator's ``predict_proba`` or ``predict`` does.

    An isolation forest tells how anomalous rows are: its ``score_samples`` with the other sign.
    """

    trees: Trees
    rankers: dict[int, Ranker]
    laid: quick.Quick | perfect.Perfect | walk.Walk
    told: Callable[[Array], Array]

    @property
    def columns(self) -> frozenset[int]:
        """The encoder's columns that are read."""
        return frozenset(self.rankers)

    def tell(self, columns: Sequence[Values]) -> Array | None:
        """Return probabilities [rows, classes], or numbers [rows], for ``columns``, one a feature.

        None where a number is endless as the trees read it (a forest reads float32), which
        scikit-learn may refuse.
        """
        rows = len(columns[0])
        ranks = np.empty((len(self.rankers), rows), dtype=self.laid.rank_type)
        for out, (column, ranker) in zip(ranks, self.rankers.items(), strict=True):
            if not self._rank(columns[column], ranker, out):
                return None
        sums = np.empty((len(self.trees.base), rows))
        sums[:] = self.trees.base[:, None]
        self.laid.add(ranks, sums)
        # In the memory order in which scikit-learn keeps its own sums.
        return self.told(sums.T)

    def _rank(self, column: Values, ranker: Ranker, out: Any) -> bool:
        """Write the ranks of ``column`` to ``out``; return whether every number is finite."""
        endless = False
        if isinstance(ranker, Numbers):
            endless = rank_numbers(
                column.values, ranker.thresholds, ranker.count, ranker.below, ranker.step,
                ranker.low, ranker.scale, self.trees.narrow, out,
            )  # fmt: skip
        else:
            rank_codes(column.values, ranker.missing, out)
        if column.bits is not None:
            blank(column.bits, column.offset, ranker.missing, out)
        return not endless or self._is_finite(column)

    def _is_finite(self, column: Values) -> bool:
        """Whether no number that is there is endless; what stands in place of a null is not."""
        values = column.numbers()
        with np.errstate(over="ignore"):
            return not np.isinf(values.astype(np.float32) if self.trees.narrow else values).any()


def of_trees(estimator: Any) -> CompiledTrees | None:
    """Return the fitted ``estimator`` compiled, None where it is no ensemble known here."""
    if isinstance(estimator, boosted.BOOSTED):
        return _compiled(boosted.of_boosted(estimator), lambda raw: boosted.told(estimator, raw))
    if isinstance(estimator, isolation.ISOLATION):
        return _compiled(
            isolation.of_isolation(estimator), lambda raw: isolation.told(estimator, raw)
        )
    if isinstance(estimator, forests.FORESTS) and estimator.n_outputs_ == 1:
        return _compiled(forests.of_forest(estimator), lambda raw: forests.told(estimator, raw))
    return None


def _compiled(trees: Trees, told: Callable[[Array], Array]) -> CompiledTrees:
    found = rankers(trees)
    laid = (
        quick.lay_out(trees, found) or perfect.lay_out(trees, found) or walk.lay_out(trees, found)
    )
    return CompiledTrees(trees, found, laid, told)
