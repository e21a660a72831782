"""Linear models as one sum over the encoder's columns.

Imputer, indicator, scaler, one-hot encoder and weights are folded into one another: a number adds
``(value - center) * slope``, a missing one what stands for it, a category what its code looks up.
Nothing is written between the columns and the sums. These differ from scikit-learn's by the
rounding of their terms alone: at most 1e-12 of the sum of the terms' magnitudes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.extmath import softmax

from ml.compiled.column import Values
from ml.compiled.kernel import kernel
from ml.evaluation.metrics import Array
from ml.trees.tree import CODES

_NUMBERS = (LinearRegression, Ridge, ElasticNet, Lasso)


@dataclass(frozen=True)
class Number:
    """What a number adds [outputs each]: by its ``slope`` around ``center``, or ``gap``."""

    center: float
    slope: Array
    gap: Array


@dataclass(frozen=True)
class Category:
    """What a code adds: ``table`` [outputs, CODES + 1], the last one where it is missing."""

    table: Array


@dataclass
class CompiledLinear:
    """Tells what the pipeline around a linear model does."""

    base: Array
    is_classifier: bool
    parts: dict[int, Number | Category] = field(default_factory=dict)

    @property
    def columns(self) -> frozenset[int]:
        """The encoder's columns that are read."""
        return frozenset(self.parts)

    def tell(self, columns: Sequence[Values]) -> Array | None:
        """Return probabilities [rows, classes], or numbers [rows], for ``columns``, one a feature.

        None where a sum is not finite, which comes of numbers scikit-learn may refuse.
        """
        sums = np.empty((len(self.base), len(columns[0])))
        sums[:] = self.base[:, None]
        for at, part in self.parts.items():
            column = columns[at]
            if isinstance(part, Category):
                codes = column.values if column.bits is None else column.numbers()
                _look_up(codes, part.table, sums)
            elif (bits := column.whole_bytes) is None:
                values = column.values if column.bits is None else column.numbers()
                _multiply(values, part.center, part.slope, part.gap, sums)
            else:
                _multiply_some(column.values, bits, part.center, part.slope, part.gap, sums)
        if not np.isfinite(sums).all():
            return None
        return _told(sums) if self.is_classifier else sums[0]


def of_linear(estimator: Any) -> CompiledLinear | None:
    """Return the fitted ``estimator`` compiled, None where it is no pipeline known here."""
    if not (isinstance(estimator, Pipeline) and len(estimator.steps) == 2):
        return None
    before, model = (step for _, step in estimator.steps)
    is_classifier = isinstance(model, LogisticRegression)
    if not isinstance(before, ColumnTransformer) or not (is_classifier or type(model) in _NUMBERS):
        return None
    weights = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    made = CompiledLinear(np.array(model.intercept_, dtype=np.float64).reshape(-1), is_classifier)
    if len(made.base) != len(weights):
        made.base = np.zeros(len(weights)) + made.base
    known = all(
        _fold(made, transformer, list(columns), weights[:, before.output_indices_[name]])
        for name, transformer, columns in before.transformers_
        if name != "remainder"
    )
    return made if known else None


def _fold(made: CompiledLinear, step: Any, columns: list[int], weights: Array) -> bool:
    """Fold the transformer ``step`` of ``columns`` into ``made``; return whether it is known."""
    if not columns:
        return True
    if isinstance(step, OneHotEncoder):
        return _fold_categories(made, step, columns, weights)
    if not (isinstance(step, Pipeline) and len(step.steps) == 2):
        return False
    fill, scale = (inner for _, inner in step.steps)
    if not isinstance(fill, SimpleImputer) or not isinstance(scale, StandardScaler):
        return False
    if not (scale.with_mean and scale.with_std) or not _fills_nan(fill):
        return False
    _fold_numbers(made, fill, scale, columns, weights)
    return True


def _fills_nan(fill: Any) -> bool:
    missing = fill.missing_values
    return isinstance(missing, float) and bool(np.isnan(missing)) and not fill.keep_empty_features


def _fold_categories(made: CompiledLinear, step: Any, columns: list[int], weights: Array) -> bool:
    if step.drop is not None or step._infrequent_enabled or step.handle_unknown != "ignore":
        return False
    at = 0
    for column, codes in zip(columns, step.categories_, strict=True):
        table = np.zeros((len(weights), CODES + 1))
        places = np.where(np.isnan(codes), CODES, codes).astype(np.int64)
        if len(places) and places.max() > CODES:
            return False
        table[:, places] = weights[:, at : at + len(places)]
        made.parts[column] = Category(table)
        at += len(places)
    return True


def _fold_numbers(
    made: CompiledLinear, fill: Any, scale: Any, columns: list[int], weights: Array
) -> None:
    kept = np.flatnonzero(~np.isnan(fill.statistics_))
    slopes = weights / scale.scale_
    flags = dict.fromkeys(range(len(columns)), np.zeros(len(weights)))
    if fill.add_indicator:
        for at, place in enumerate(fill.indicator_.features_, start=len(kept)):
            # A flag is 0 unless the number is missing; both ends of it are scaled.
            made.base = made.base - scale.mean_[at] * slopes[:, at]
            flags[int(place)] = slopes[:, at]
    for at, place in enumerate(kept):
        center, slope = float(scale.mean_[at]), slopes[:, at]
        gap = (fill.statistics_[place] - center) * slope + flags.pop(int(place))
        made.parts[columns[place]] = Number(center, np.ascontiguousarray(slope), gap)
    for place, flag in flags.items():
        # Of a column that was always missing in fitting at most the flag is left.
        if flag.any():
            made.parts[columns[place]] = Number(0.0, np.zeros(len(weights)), np.array(flag))


def _told(sums: Array) -> Array:
    """Return probabilities [rows, classes] as LogisticRegression makes them of its decision."""
    if len(sums) > 1:
        return np.asarray(softmax(sums.T, copy=False), dtype=np.float64)
    told = np.empty((sums.shape[1], 2))
    told[:, 1] = expit(sums[0])
    told[:, 0] = 1 - told[:, 1]
    return told


@kernel
def _multiply(values, center, slope, gap, sums) -> None:  # type: ignore[no-untyped-def]
    for at in range(len(slope)):
        line, there, out = slope[at], gap[at], sums[at]
        for row in range(len(values)):
            value = values[row]
            out[row] += there if value != value else (value - center) * line


@kernel
def _multiply_some(  # type: ignore[no-untyped-def]
    values, bits, center, slope, gap, sums
) -> None:
    whole = len(values) // 8
    for at in range(len(slope)):
        line, there, out = slope[at], gap[at], sums[at]
        for byte in range(whole):
            has = np.uint64(bits[byte])
            some, told = values[8 * byte : 8 * byte + 8], out[8 * byte : 8 * byte + 8]
            for bit in range(8):
                value = some[bit]
                known = (has >> np.uint64(bit)) & np.uint64(1) != 0 and value == value
                told[bit] += (value - center) * line if known else there
        for row in range(8 * whole, len(values)):
            value = values[row]
            known = (np.uint64(bits[whole]) >> np.uint64(row - 8 * whole)) & np.uint64(1) != 0
            out[row] += (value - center) * line if known and value == value else there


@kernel
def _look_up(codes, table, sums) -> None:  # type: ignore[no-untyped-def]
    missing = np.uint64(table.shape[1] - 1)
    for at in range(len(table)):
        added, out = table[at], sums[at]
        for row in range(len(codes)):
            code = np.float64(codes[row])
            known = 0.0 <= code < missing and code == np.floor(code)
            out[row] += added[np.uint64(code) if known else missing]
