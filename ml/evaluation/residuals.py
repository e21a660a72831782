"""Where a regression is off: the residuals along what was told."""

from dataclasses import dataclass

import numpy as np

from ml.evaluation.metrics import Array

BINS = 10


@dataclass(frozen=True)
class Bin:
    """The rows of one share of what was told; residuals are truth less told."""

    bin: int
    rows: int
    told_low: float
    told_high: float
    told: float
    residual: float
    spread: float
    low: float
    high: float


def residuals_of(truth: Array, told: Array) -> list[Bin]:
    """Return up to ten bins of equal rows, lowest prediction first; equal ones stay together."""
    edges = np.quantile(told, np.linspace(0, 1, BINS + 1))
    place = np.searchsorted(edges[1:-1], told)
    return [
        _bin(at + 1, told[place == code], (truth - told)[place == code])
        for at, code in enumerate(np.unique(place))
    ]


def _bin(number: int, told: Array, off: Array) -> Bin:
    low, high = np.quantile(off, (0.05, 0.95))
    return Bin(
        bin=number,
        rows=len(off),
        told_low=float(told.min()),
        told_high=float(told.max()),
        told=float(told.mean()),
        residual=float(off.mean()),
        spread=float(off.std()),
        low=float(low),
        high=float(high),
    )
