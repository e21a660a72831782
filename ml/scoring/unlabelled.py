"""What a model without a label tells of rows as the columns of :mod:`ml.task_columns`."""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from ml.evaluation.metrics import Array
from ml.model import Model


def _clusters(model: Model, told: Array) -> dict[str, pa.Array]:
    codes = np.argmin(told, axis=1)
    return {
        "prediction": pa.array(codes + 1, pa.int32()),
        "score": pa.array(told[np.arange(len(told)), codes]),
        "distances": _lists(told),
    }


def _components(model: Model, told: Array) -> dict[str, pa.Array]:
    return {"prediction": _lists(told[:, :-1]), "score": pa.array(told[:, -1])}


def _anomalies(model: Model, told: Array) -> dict[str, pa.Array]:
    return {"prediction": pa.array(model.flags(told)), "score": pa.array(told)}


def _lists(values: Array) -> pa.Array:
    """Return each row of ``values`` [rows, width] as a list."""
    rows, width = values.shape
    offsets = pa.array(np.arange(rows + 1) * width, pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(values).ravel()))


told_by_task: Mapping[str, Callable[[Model, Array], dict[str, pa.Array]]] = {
    "clustering": _clusters,
    "decomposition": _components,
    "anomaly_detection": _anomalies,
}
