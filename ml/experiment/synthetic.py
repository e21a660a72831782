"""Made-up rows: a Gaussian copula for the numbers of each class, the rest from a row there is.

Each made-up row has a donor, a row drawn with replacement. Its label, its texts and which of its
numbers are missing are the donor's. Its numbers are drawn from the copula of its class: their
ranks are related as those of the class's rows are, and each value is one that the class has met.
So what a text says of a number within a class is lost. A label that is a number is drawn like
one; then all rows are of one class.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from ml.columns import Column
from ml.data.dataset import Rows
from ml.data.split import Positions
from ml.evaluation.metrics import Array, Codes


def with_made_up(rows: Rows, columns: Sequence[Column], wanted: int, seed: int) -> Rows:
    """Return ``rows`` followed by ``wanted`` rows made up from them, drawn by ``seed``.

    ``columns`` are the features, in order. The made-up rows are of the earliest time, so that where
    an estimator stops by its latest rows, these are real ones.
    """
    random = np.random.default_rng(seed)
    donors = random.integers(0, len(rows.labels), wanted)
    numbers = [at for at, column in enumerate(columns) if column.kind != "text"]
    table = rows.features
    matrix = [table.column(at).to_numpy(zero_copy_only=False) for at in numbers]
    is_number = rows.labels.dtype.kind == "f"
    known = np.column_stack([*matrix, rows.labels] if is_number else [*matrix])
    kinds = np.zeros(len(known), dtype=np.int64) if is_number else rows.labels
    made = np.empty((wanted, known.shape[1]))
    for kind in np.unique(kinds[donors]):
        drawn = np.flatnonzero(kinds[donors] == kind)
        made[drawn] = draw(known[kinds == kind], len(drawn), random)
    made[np.isnan(known[donors])] = np.nan
    own = table.take(donors)
    for place, at in enumerate(numbers):
        own = own.set_column(at, table.column_names[at], pa.array(made[:, place]))
    labels = made[:, -1] if is_number else rows.labels[donors]
    return _joined(rows, table, own, donors, labels)


def draw(known: Array, wanted: int, random: np.random.Generator) -> Array:
    """Return ``wanted`` rows from the Gaussian copula of ``known`` [rows, numbers], NaN missing.

    A number that no row has is missing in every row drawn.
    """
    scores = np.zeros(known.shape)
    for at, values in enumerate(known.T):
        there = ~np.isnan(values)
        scores[there, at] = ndtri((rankdata(values[there]) - 0.5) / max(there.sum(), 1))
    normal = random.normal(size=(wanted, known.shape[1])) @ _factor(scores, ~np.isnan(known)).T
    drawn = np.full((wanted, known.shape[1]), np.nan)
    for at, values in enumerate(known.T):
        there = values[~np.isnan(values)]
        if len(there):
            drawn[:, at] = np.quantile(there, ndtr(normal[:, at]), method="inverted_cdf")
    return drawn


def _factor(scores: Array, there: npt.NDArray[np.bool_]) -> Array:
    """Return what makes independent normal numbers related as ``scores`` [rows, numbers] are.

    Two numbers are related as in the rows in which both are ``there``; a constant to nothing.
    """
    both = scores.T @ scores
    size = (scores**2).T @ there.astype(np.float64)
    spread = np.sqrt(size * size.T)
    related = np.divide(both, spread, out=np.zeros_like(both), where=spread > 0)
    np.fill_diagonal(related, 1.0)
    values, vectors = np.linalg.eigh(related)
    # Of pairs from different rows the matrix need not be one of correlations: the nearest is taken.
    factor = vectors * np.sqrt(np.clip(values, 0, None))
    return np.asarray(factor / np.sqrt((factor**2).sum(axis=1, keepdims=True)))


def _joined(
    rows: Rows, table: pa.Table, own: pa.Table, donors: Positions, labels: Array | Codes
) -> Rows:
    times = rows.times
    return replace(
        rows,
        table=pa.concat_tables([table, own]),
        at=np.arange(len(rows.labels) + len(donors)),
        labels=np.concatenate([rows.labels, labels]),
        times=None if times is None else np.r_[times, np.full(len(donors), times.min())],
        groups=None if rows.groups is None else np.r_[rows.groups, rows.groups[donors]],
        marks=None if rows.marks is None else np.r_[rows.marks, rows.marks[donors]],
        segments=None,
    )
