"""From a model to a predictor: taken apart, laid out, told block by block on every core."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.utils.extmath import softmax

from ml.anatomy import Ensemble, Linear, Opaque, dissect
from ml.anatomy.cells import Plain
from ml.anatomy.trees import Link
from ml.compiled import linear, quick, walk
from ml.compiled.ranks import Ranker, dtype_of, rank_codes, rank_numbers
from ml.metrics import Array
from ml.model import Model

# Rows of a block: its ranks and sums stay in the cache while every tree goes over them.
BLOCK = 4096
_FEW_BLOCKS = 4

Add = Callable[[Sequence[Array], Array], None]


@dataclass(frozen=True)
class Compiled:
    """A model that tells from columns.

    ``add`` adds to the outputs [outputs, rows] what the model makes of columns ([rows] each, one a
    feature, float64 with NaN for missing).
    """

    add: Add
    base: Array
    link: Link
    divisor: int = 1

    def tell(self, columns: Sequence[Array]) -> Array:
        """Return what the estimator tells: probabilities [rows, classes], or numbers [rows]."""
        rows = len(columns[0])
        sums = np.zeros((len(self.base), rows))
        sums += self.base[:, None]
        starts = range(0, rows, BLOCK)

        def block(start: int) -> None:
            part = slice(start, start + BLOCK)
            self.add([column[part] for column in columns], sums[:, part])

        if len(starts) < _FEW_BLOCKS:
            for start in starts:
                block(start)
        else:
            with ThreadPoolExecutor(os.cpu_count()) as threads:
                list(threads.map(block, starts))
        return self._linked(sums)

    def _linked(self, sums: Array) -> Array:
        """Return the sums as scikit-learn tells them, by the functions it calls."""
        if self.link == "sigmoid":
            told = np.empty((sums.shape[1], 2))
            told[:, 1] = expit(sums[0])
            told[:, 0] = 1 - told[:, 1]
            return told
        if self.link == "softmax":
            return np.asarray(softmax(sums.T))
        if self.link == "exp":
            return np.exp(sums[0])
        told = sums / self.divisor if self.divisor > 1 else sums
        return told[0] if self.link == "identity" else np.ascontiguousarray(told.T)


def compiled(model: Model) -> Compiled | None:
    """Return ``model`` compiled, without its calibration; None for what cannot be compiled."""
    if model.encoder.reads_text:
        return None
    try:
        found = dissect(model)
    except Opaque:
        return None
    if isinstance(found, Ensemble):
        return _trees(found)
    return _linear(model, found) if isinstance(found, Linear) else None


def _linear(model: Model, found: Linear) -> Compiled | None:
    features = model.encoder.features
    folded = linear.fold(found, [len(each.categories) for each in features])
    if folded is None:
        return None
    return Compiled(folded.add, folded.intercept, found.link)


def _trees(ensemble: Ensemble) -> Compiled | None:
    if not all(isinstance(cell, Plain) for cell in ensemble.columns):
        return None
    order = [cell.feature for cell in ensemble.columns]
    add = _quick(ensemble, order) or _walk(ensemble, order)
    return Compiled(add, ensemble.base, ensemble.link, ensemble.divisor)


def _quick(ensemble: Ensemble, order: Sequence[int]) -> Add | None:
    """Return what adds the trees by bit vectors, None where they are too large for them."""
    rankers = [_ranker(ensemble, at) for at in range(len(order))]
    kind = dtype_of(rankers)
    laid = quick.lay_out(ensemble, rankers) if kind else None
    if kind is None or laid is None:
        return None
    used = np.unique(laid.columns)
    padded = {int(at): rankers[at].padded for at in used}

    def add(columns: Sequence[Array], out: Array) -> None:
        ranks = np.empty((len(order), out.shape[1]), dtype=kind)
        for at in padded:
            values, missing = columns[order[at]], rankers[at].missing
            if rankers[at].codes:
                rank_codes(values, missing, ranks[at])
            else:
                rank_numbers(values, padded[at], missing, ranks[at])
        laid.add(ranks, out)

    return add


def _ranker(ensemble: Ensemble, at: int) -> Ranker:
    nodes = [
        tree.codes[node]
        for tree in ensemble.trees
        for node in tree.codes
        if tree.feature[node] == at
    ]
    if nodes:
        return Ranker(np.zeros(0), codes=max(max(codes, default=0) for codes in nodes) + 1)
    asked = [tree.threshold[tree.feature == at] for tree in ensemble.trees]
    return Ranker(np.unique(np.concatenate(asked)))


def _walk(ensemble: Ensemble, order: Sequence[int]) -> Add:
    laid = walk.lay_out(ensemble)

    def add(columns: Sequence[Array], out: Array) -> None:
        block = np.empty((len(order), out.shape[1]))
        for at, feature in enumerate(order):
            block[at] = columns[feature]
        laid.add(block, out)

    return add
