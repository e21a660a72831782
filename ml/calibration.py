"""How scores become probabilities that come true as often as they say; kept as numbers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np

from ml.metrics import Array


@dataclass(frozen=True)
class Curve:
    """A rising curve through points: ``x`` scores, ``y`` probabilities, straight between them."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Calibration:
    """One curve a class, of two classes for the second only; rows are made to sum to one."""

    method: str
    curves: tuple[Curve, ...]

    def apply(self, told: Array) -> Array:
        """Return ``told`` [rows, classes] calibrated, the same shape."""
        if len(self.curves) == 1:
            second = _along(self.curves[0], told[:, 1])
            return np.stack([1 - second, second], axis=1)
        each = np.stack(
            [_along(curve, told[:, at]) for at, curve in enumerate(self.curves)], axis=1
        )
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
        curves = (Curve(tuple(each["x"]), tuple(each["y"])) for each in kept["curves"])
        return cls(kept["method"], tuple(curves))


def _along(curve: Curve, scores: Array) -> Array:
    return np.asarray(np.interp(scores, curve.x, curve.y), dtype=np.float64)
