"""The transformers before an estimator, as formulas of the features they read."""

from functools import partial
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_array

from ml.anatomy.cells import Cells, Filled, Is, Missing, Scaled


class Opaque(Exception):
    """Something that cannot be taken apart; the text says what."""


def through(step: Any, cells: Cells) -> Cells:
    """Return the columns that ``step`` makes of ``cells``.

    Raises Opaque for a transformer whose formula is not known.
    """
    if step is None or step == "passthrough":
        return cells
    if isinstance(step, Pipeline):
        for _, inner in step.steps:
            cells = through(inner, cells)
        return cells
    for kind, reader in _READERS:
        if isinstance(step, kind):
            return reader(step, cells)
    raise Opaque(type(step).__name__)


def _side_by_side(step: Any, cells: Cells) -> Cells:
    made: Cells = ()
    for _, inner, chosen in step.transformers_:
        read = tuple(cells[at] for at in np.arange(len(cells))[chosen]) if len(cells) else ()
        if read and not (isinstance(inner, str) and inner == "drop"):
            made += through(inner, read)
    return made


def _filled(step: Any, cells: Cells) -> Cells:
    if not (isinstance(step.missing_values, float) and np.isnan(step.missing_values)):
        raise Opaque(f"SimpleImputer(missing_values={step.missing_values!r})")
    pairs = zip(cells, step.statistics_, strict=True)
    kept = tuple(Filled(cell, float(fill)) for cell, fill in pairs if not np.isnan(fill))
    return kept + (_flags(step.indicator_, cells) if step.add_indicator else ())


def _flags(step: Any, cells: Cells) -> Cells:
    return tuple(Missing(cells[at]) for at in step.features_)


def _scaled(step: Any, cells: Cells) -> Cells:
    means = step.mean_ if step.with_mean else np.zeros(len(cells))
    scales = step.scale_ if step.with_std else np.ones(len(cells))
    each = zip(cells, means, scales, strict=True)
    return tuple(Scaled(cell, float(mean), float(scale)) for cell, mean, scale in each)


def _one_hot(step: Any, cells: Cells) -> Cells:
    if step.drop is not None or getattr(step, "_infrequent_enabled", False):
        raise Opaque("OneHotEncoder that drops or groups categories")
    return tuple(
        Is(cell, float(value), len(values))
        for cell, values in zip(cells, step.categories_, strict=True)
        for value in values
    )


def _same(step: Any, cells: Cells) -> Cells:
    checks = isinstance(step.func, partial) and step.func.func is check_array
    if step.func is not None and not checks:
        raise Opaque(f"FunctionTransformer({step.func})")
    return cells


_READERS = (
    (ColumnTransformer, _side_by_side),
    (SimpleImputer, _filled),
    (MissingIndicator, _flags),
    (StandardScaler, _scaled),
    (OneHotEncoder, _one_hot),
    (FunctionTransformer, _same),
)
