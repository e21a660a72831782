"""What is told on average when a feature has one value in every row (partial dependence).

Friedman, J. "Greedy function approximation", Annals of Statistics 29 (2001), by brute force.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.columns import WHOLE
from ml.data.features import Feature
from ml.evaluation.asking import sample_of, told_of
from ml.evaluation.metrics import Array
from ml.model import Model

FEATURES = 5
_POINTS = 20
_MOST_ROWS = 500


@dataclass(frozen=True)
class Dependence:
    """What is told on average when ``feature`` is ``value``, which is ``x`` if it is a number."""

    feature: str
    value: str
    x: float | None
    class_: str | None
    y: float


def dependence_of(
    model: Model, rows: pa.Table, features: Sequence[str], seed: int
) -> list[Dependence]:
    """Return the dependence on each of ``features``, up to 20 values each.

    ``rows`` has the model's features in order. Documents and photos have no dependence.
    """
    if model.encoder.reads_text or model.encoder.reads_images:
        return []
    rows = rows.take(pa.array(sample_of(rows.num_rows, _MOST_ROWS, seed)))
    places = {feature.name: at for at, feature in enumerate(model.encoder.features)}
    grids = {name: _grid(model.encoder.features[places[name]], rows, places[name])
             for name in features}  # fmt: skip
    told = told_of(
        model, (_with(rows, places[name], value) for name, grid in grids.items() for value in grid)
    )
    return [
        Dependence(name, *_shown(model.encoder.features[places[name]], value), class_, y)
        for name, grid in grids.items()
        for value in grid
        for class_, y in _means(model, next(told))
    ]


def _grid(feature: Feature, rows: pa.Table, at: int) -> list[str | float]:
    """Return the values a feature is set to: quantiles of a number, the frequent categories."""
    if feature.kind in ("category", "string"):
        known = rows.column(at).drop_null()
        counts = {each["values"]: each["counts"] for each in pc.value_counts(known).to_pylist()}
        ranked = sorted(feature.categories or counts, key=lambda name: (-counts.get(name, 0), name))
        return list(ranked[:_POINTS])
    values = rows.column(at).drop_null().to_numpy()
    values = np.unique(values[~np.isnan(values)])
    if len(values) > _POINTS:
        # Between two whole numbers there is none that a row could have.
        if feature.column.base in WHOLE:
            points = np.quantile(values, np.linspace(0, 1, _POINTS), method="nearest")
        else:
            points = np.quantile(values, np.linspace(0, 1, _POINTS))
        values = np.unique(points)
    return [float(value) for value in values]


def _with(rows: pa.Table, at: int, value: str | float) -> pa.Table:
    column = pa.repeat(pa.scalar(value, rows.schema.field(at).type), rows.num_rows)
    return rows.set_column(at, rows.column_names[at], pa.chunked_array([column]))


def _shown(feature: Feature, value: str | float) -> tuple[str, float | None]:
    """Return a value as text and, of a number, as one."""
    if isinstance(value, str):
        return value, None
    if feature.kind == "boolean":
        return ("true" if value else "false"), value
    return f"{value:.15g}", value


def _means(model: Model, told: Array) -> Iterator[tuple[str | None, float]]:
    if not model.classes:
        yield None, float(told.mean())
        return
    codes = range(len(model.classes)) if len(model.classes) > 2 else [1]
    yield from ((model.classes[code], float(told[:, code].mean())) for code in codes)
