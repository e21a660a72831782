"""How scores become probabilities that come true as often as they say; kept as numbers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression

from ml.evaluation.metrics import Array, Codes

Method = Literal["isotonic", "sigmoid"]
# A probability nearer to 0 or 1 than this has the log-odds of this.
NEAREST = 1e-15
_MOST_STEPS = 100
_SETTLED = 1e-10


@dataclass(frozen=True)
class Curve:
    """A rising curve through points: ``x`` scores, ``y`` probabilities, straight between them."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def along(self, scores: Array) -> Array:
        """Return the probability of each of ``scores``; beyond the ends that of the end."""
        return np.asarray(np.interp(scores, self.x, self.y), dtype=np.float64)


@dataclass(frozen=True)
class Sigmoid:
    """Platt's curve on log-odds: 1 / (1 + exp(-(``slope`` · log(p / (1 - p)) + ``offset``)))."""

    slope: float
    offset: float

    def along(self, scores: Array) -> Array:
        """Return the probability of each of ``scores``."""
        return _rising(self.slope * _log_odds(scores) + self.offset)


@dataclass(frozen=True)
class Calibration:
    """One curve a class, of two classes for the second only; rows are made to sum to one."""

    method: str
    curves: tuple[Curve | Sigmoid, ...]

    def apply(self, told: Array) -> Array:
        """Return ``told`` [rows, classes] calibrated, the same shape."""
        if len(self.curves) == 1:
            second = self.curves[0].along(told[:, 1])
            return np.stack([1 - second, second], axis=1)
        each = np.stack([curve.along(told[:, at]) for at, curve in enumerate(self.curves)], axis=1)
        total = each.sum(axis=1, keepdims=True)
        even = np.full_like(each, 1 / each.shape[1])
        return np.asarray(np.divide(each, total, out=even, where=total > 0), dtype=np.float64)

    def to_json(self) -> str:
        """Return the curves as they are kept with the version."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Return the calibration that :meth:`to_json` wrote down."""
        kept = json.loads(text)
        curves = (
            Sigmoid(**each) if "slope" in each else Curve(tuple(each["x"]), tuple(each["y"]))
            for each in kept["curves"]
        )
        return cls(kept["method"], tuple(curves))


def fit_calibration(method: Method, truth: Codes, told: Array) -> Calibration:
    """Return the curves that make of ``told`` [rows, classes] what came true, ``truth`` [rows].

    ``told`` are scores told out of fold. It is what scikit-learn's CalibratedClassifierCV does
    without an ensemble, each class against the rest; `sigmoid` reads probabilities as log-odds.
    """
    classes = [1] if told.shape[1] == 2 else range(told.shape[1])
    fit = _isotonic if method == "isotonic" else _sigmoid
    return Calibration(method, tuple(fit(truth == code, told[:, code]) for code in classes))


def _isotonic(positive: npt.NDArray[np.bool_], scores: Array) -> Curve:
    fitted = IsotonicRegression(out_of_bounds="clip").fit(scores, positive.astype(np.float64))
    return Curve(tuple(fitted.X_thresholds_.tolist()), tuple(fitted.y_thresholds_.tolist()))


def _sigmoid(positive: npt.NDArray[np.bool_], scores: Array) -> Sigmoid:
    """Fit Platt's curve by Newton's method, with his targets a little off 0 and 1.

    Platt 1999, Lin, Lin and Weng 2007.
    """
    hits = int(positive.sum())
    high, low = (hits + 1) / (hits + 2), 1 / (len(positive) - hits + 2)
    wanted = np.where(positive, high, low)
    inputs = np.stack([_log_odds(scores), np.ones(len(scores))], axis=1)
    weights = np.array([0.0, np.log((hits + 1) / (len(positive) - hits + 1))])
    loss = _loss(inputs @ weights, wanted)
    for _ in range(_MOST_STEPS):
        told = _rising(inputs @ weights)
        slope = inputs.T @ (told - wanted)
        bend = inputs.T @ (inputs * (told * (1 - told))[:, None]) + 1e-12 * np.eye(2)
        step = np.linalg.solve(bend, slope)
        share = 1.0
        # A whole step may go too far; half of it, or half of that, goes down.
        while _loss(inputs @ (weights - share * step), wanted) > loss and share > _SETTLED:
            share /= 2
        weights = weights - share * step
        before, loss = loss, _loss(inputs @ weights, wanted)
        if np.abs(slope).max() < _SETTLED * len(scores) or before - loss < _SETTLED * _SETTLED:
            break
    return Sigmoid(float(weights[0]), float(weights[1]))


def _loss(odds: Array, wanted: Array) -> float:
    return float(np.mean(np.logaddexp(0, odds) - wanted * odds))


def _log_odds(scores: Array) -> Array:
    known = np.clip(scores, NEAREST, 1 - NEAREST)
    return np.asarray(np.log(known) - np.log1p(-known), dtype=np.float64)


def _rising(odds: Array) -> Array:
    return np.asarray(np.exp(-np.logaddexp(0, -odds)), dtype=np.float64)
