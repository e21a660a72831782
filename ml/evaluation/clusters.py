"""How well rows fall into clusters: silhouette, Davies-Bouldin, Calinski-Harabasz.

scikit-learn's definitions, of rows with whole weights: those of a resample in which a row is there
as often as its weight says. The silhouette compares a row with none of its copies, which would be
nearer to it than any row ever is.

Sources: Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20 (1987); Davies and Bouldin, "A cluster
separation measure", IEEE PAMI 1 (1979); Calinski and Harabasz, "A dendrite method for cluster
analysis", Comm. in Statistics 3 (1974).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.distance import cdist

from ml.evaluation.asking import sample_of
from ml.evaluation.metrics import Array, Codes

# Of more rows the silhouette, which compares each with each, is that of a sample.
MOST_COMPARED = 1_500


@dataclass(frozen=True)
class Clusters:
    """Rows as ``points`` [rows, columns], each with the ``codes`` [rows] of its cluster, from 0.

    ``seed`` draws the rows that are compared with one another.
    """

    points: Array
    codes: Codes
    seed: int = 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        return int(self.points.shape[1])

    @property
    def is_measurable(self) -> bool:
        """Whether there are two clusters or more."""
        return len(np.unique(self.codes)) > 1

    def rows(self, chosen: Codes) -> Clusters:
        """Return the rows at the positions ``chosen``."""
        return Clusters(self.points[chosen], self.codes[chosen], self.seed)

    def values(self) -> dict[str, float]:
        """Return each metric; one that is not defined is NaN."""
        found = self.metrics(np.ones((1, len(self))))
        return {name: float(value[0]) for name, value in found.items()}

    def metrics(self, weights: Array) -> dict[str, Array]:
        """Return each metric for each row of ``weights`` [resamples, rows], whole numbers."""
        told = [self._spread(each) for each in weights]
        return {
            "silhouette": np.array([self._silhouette(each) for each in weights]),
            "davies_bouldin": np.array([one for one, _ in told]),
            "calinski_harabasz": np.array([other for _, other in told]),
        }

    @cached_property
    def _places(self) -> Codes:
        """The cluster of each row, counted from 0 without gaps."""
        return np.asarray(np.unique(self.codes, return_inverse=True)[1], dtype=np.int64)

    @cached_property
    def _member(self) -> Array:
        """Whether each row is of each cluster [rows, clusters]."""
        return np.eye(self._places.max(initial=0) + 1)[self._places]

    @cached_property
    def _compared(self) -> tuple[Codes, Array]:
        """The rows that are compared, and the distance of each to each."""
        at = sample_of(len(self), MOST_COMPARED, self.seed)
        return at, cdist(self.points[at], self.points[at])

    def _silhouette(self, weights: Array) -> float:
        at, apart = self._compared
        drawn, member, own = weights[at], self._member[at], self._places[at]
        sizes = drawn @ member
        if np.count_nonzero(sizes) < 2:
            return float("nan")
        sums = apart @ (member * drawn[:, None])
        here = np.arange(len(at))
        with np.errstate(divide="ignore", invalid="ignore"):
            within = sums[here, own] / (sizes[own] - drawn)
            others = np.where(sizes > 0, sums / sizes, np.inf)
            others[here, own] = np.inf
            between = others.min(axis=1)
            each = (between - within) / np.maximum(within, between)
        # A row alone in its cluster counts 0, and so do rows that nothing lies between.
        each = np.where(sizes[own] > drawn, np.nan_to_num(each), 0.0)
        return float(drawn @ each / drawn.sum())

    def _spread(self, weights: Array) -> tuple[float, float]:
        """Return Davies-Bouldin and Calinski-Harabasz."""
        sizes = weights @ self._member
        there = np.flatnonzero(sizes > 0)
        many, rows = len(there), weights.sum()
        if many < 2:
            return float("nan"), float("nan")
        sums = (self._member * weights[:, None]).T @ self.points
        centers = sums / np.where(sizes > 0, sizes, 1)[:, None]
        off = self.points - centers[self._places]
        squares = np.einsum("ij,ij->i", off, off)
        radius = (weights * np.sqrt(squares)) @ self._member[:, there] / sizes[there]
        apart = cdist(centers[there], centers[there])
        np.fill_diagonal(apart, np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            davies = np.max((radius[:, None] + radius) / apart, axis=1).mean()
        whole = weights @ self.points / rows
        between = float(sizes[there] @ np.sum((centers[there] - whole) ** 2, axis=1))
        within = float(weights @ squares)
        if within == 0.0:
            return float(davies), 1.0
        return float(davies), between * (rows - many) / (within * (many - 1))
