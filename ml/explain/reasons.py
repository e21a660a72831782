"""The features that made a score most, as columns beside a prediction."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix, issparse

from ml.evaluation.metrics import Array, Codes
from ml.explain.explanation import Explanation


def reasons(explanation: Explanation, top: int) -> Mapping[str, pa.Array]:
    """Return the columns of :func:`ml.tables.reason_columns`, the largest effects first.

    An effect is signed, in the explanation's space. What has no effect is no reason: null.
    """
    found = explanation.contributions
    picked = _of_sparse(found, top) if issparse(found) else _of_dense(np.asarray(found), top)
    names = pa.array(explanation.names, pa.string())
    columns: dict[str, pa.Array] = {}
    for rank, (at, effect) in enumerate(picked, start=1):
        nothing = effect == 0
        codes = pa.array(at, pa.int64(), mask=nothing)
        columns[f"reason_{rank}"] = names.take(codes)
        columns[f"reason_{rank}_effect"] = pa.array(effect, pa.float64(), mask=nothing)
    return columns


def _of_dense(found: Array, top: int) -> list[tuple[Codes, Array]]:
    """Return positions and effects [rows] by rank; of equal effects the first feature's."""
    order = np.argsort(-np.abs(found), axis=1, kind="stable")[:, :top]
    effects = np.take_along_axis(found, order, axis=1)
    missing = top - order.shape[1]
    order = np.pad(order, ((0, 0), (0, missing)))
    effects = np.pad(effects, ((0, 0), (0, missing)))
    return [(order[:, rank], effects[:, rank]) for rank in range(top)]


def _of_sparse(found: csr_matrix, top: int) -> list[tuple[Codes, Array]]:
    rows = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
    order = np.lexsort((found.indices, -np.abs(found.data), rows))
    rank = np.arange(len(order)) - found.indptr[rows]
    positions = np.zeros((top, found.shape[0]), dtype=np.int64)
    effects = np.zeros((top, found.shape[0]))
    kept = rank < top
    positions[rank[kept], rows[kept]] = found.indices[order][kept]
    effects[rank[kept], rows[kept]] = found.data[order][kept]
    return [(positions[at], effects[at]) for at in range(top)]
