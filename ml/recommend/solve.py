"""One half of alternating least squares: each row's factors from those of the columns it has."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ml.compiled.kernel import kernel
from ml.evaluation.metrics import Array
from ml.recommend.sparse import Places, Sparse, Starts

_AT_ONCE = 1_000


def solve(
    cells: Sparse, weights: Array, targets: Array, others: Array, penalty: Array, gram: Array
) -> Array:
    """Return for each row r of ``cells`` the vector v [width] that solves its ridge regression.

    ``(gram + sum(w x x') + diag(penalty)) v = sum(t x)`` over its cells, where x is the row of
    ``others`` [columns, width] that the cell names and w and t are its ``weights`` and ``targets``
    [cells]. A row without cells gets zeros. Rows are independent of
    one another, so that the result does not depend on how many threads there are.
    """
    out = np.zeros((cells.rows, others.shape[1]))

    def part(start: int) -> None:
        stop = min(start + _AT_ONCE, cells.rows)
        _solve(
            start, stop, cells.starts, cells.places, weights, targets, others, penalty, gram, out
        )

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(part, range(0, cells.rows, _AT_ONCE)))
    return out


@kernel
def _solve(
    start: int,
    stop: int,
    starts: Starts,
    places: Places,
    weights: Array,
    targets: Array,
    others: Array,
    penalty: Array,
    gram: Array,
    out: Array,
) -> None:
    width = others.shape[1]
    matrix = np.empty((width, width))
    for row in range(start, stop):
        if starts[row] == starts[row + 1]:
            continue
        vector = out[row]
        for i in range(width):
            for j in range(i + 1):
                matrix[i, j] = gram[i, j]
            matrix[i, i] += penalty[i]
        for cell in range(starts[row], starts[row + 1]):
            other = others[places[cell]]
            for i in range(width):
                vector[i] += targets[cell] * other[i]
                scaled = weights[cell] * other[i]
                for j in range(i + 1):
                    matrix[i, j] += scaled * other[j]
        _cholesky(matrix, vector)


@kernel
def _cholesky(matrix: Array, vector: Array) -> None:
    """Put into ``vector`` the x of ``matrix x = vector``; the lower half of ``matrix`` is used up.

    A pivot that is not above zero, where columns repeat one another and nothing is penalised,
    leaves its component at zero.
    """
    width = len(vector)
    for i in range(width):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i == j:
                matrix[i, i] = np.sqrt(total) if total > 1e-12 else np.inf
            else:
                matrix[i, j] = total / matrix[j, j]
    for i in range(width):
        total = vector[i]
        for k in range(i):
            total -= matrix[i, k] * vector[k]
        vector[i] = total / matrix[i, i]
    for back in range(width):
        i = width - 1 - back
        total = vector[i]
        for k in range(i + 1, width):
            total -= matrix[k, i] * vector[k]
        vector[i] = total / matrix[i, i]
