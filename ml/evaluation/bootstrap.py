"""How far a metric may be off by the accident of which rows were held out.

A percentile bootstrap. Several outcomes of the same rows are measured on the same resamples, so
that the interval of their difference is a paired one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from ml.declaration.measures import MEASURES
from ml.evaluation.metrics import Array, Codes

RESAMPLES: Final = 200
_MOST_ROWS = 20_000
_MOST_CELLS = 400_000
_AT_ONCE = 20


class Measurable(Protocol):
    """Rows with what was told of them, as :class:`ml.evaluation.outcome.Outcome` has them."""

    def __len__(self) -> int:
        """Return the number of rows."""

    @property
    def width(self) -> int:
        """How many numbers a row has."""

    @property
    def is_measurable(self) -> bool:
        """Whether its metrics are defined."""

    def metrics(self, weights: Array) -> dict[str, Array]:
        """Return each metric for each row of ``weights`` [resamples, rows]."""

    def values(self) -> dict[str, float]:
        """Return each metric; one that is not defined is NaN."""

    def rows(self, chosen: Codes) -> "Measurable":
        """Return the rows at the positions ``chosen``."""


@dataclass(frozen=True)
class Interval:
    """A value and the bounds of its 95 % interval; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Measured:
    """Each metric of one outcome, and how far from it each resample lies (none without a seed)."""

    values: dict[str, float]
    distances: dict[str, Array]

    def interval(self, metric: str) -> Interval:
        """Return the metric with its interval."""
        return _interval(self.values[metric], self.distances.get(metric))

    def gain(self, over: "Measured", metric: str) -> Interval:
        """Return by how much it is better than ``over`` on the same rows (negative when worse)."""
        sign = 1.0 if MEASURES[metric].higher_is_better else -1.0
        apart = sign * (self.distances[metric] - over.distances[metric])
        return _interval(sign * (self.values[metric] - over.values[metric]), apart)


def measure(outcomes: Sequence[Measurable], seed: int) -> list[Measured]:
    """Return the metrics of ``outcomes`` of the same rows, resampled together by ``seed``.

    Of very many rows a seeded sample is drawn from; the distances are then scaled by the root of
    the share, as those of a mean are.
    """
    random = np.random.default_rng(seed)
    total = len(outcomes[0])
    most = min(_MOST_ROWS, _MOST_CELLS // max(each.width for each in outcomes))
    sampled = list(outcomes)
    if total > most:
        chosen = np.sort(random.choice(total, most, replace=False))
        sampled = [each.rows(chosen) for each in outcomes]
    drawn = _drawn(sampled, random)
    scale = np.sqrt(len(sampled[0]) / total)
    found = []
    for whole, part, draws in zip(outcomes, sampled, drawn, strict=True):
        middle = part.values()
        away = {name: (draws[name] - middle[name]) * scale for name in draws}
        found.append(Measured(whole.values(), away))
    return found


def _drawn(outcomes: Sequence[Measurable], random: np.random.Generator) -> list[dict[str, Array]]:
    """Return each metric of each resample [RESAMPLES] for each outcome."""
    rows = len(outcomes[0])
    parts: list[dict[str, list[Array]]] = [{} for _ in outcomes]
    for _ in range(RESAMPLES // _AT_ONCE):
        picks = random.integers(0, rows, (_AT_ONCE, rows))
        weights = np.stack([np.bincount(pick, minlength=rows) for pick in picks]).astype(np.float64)
        for outcome, kept in zip(outcomes, parts, strict=True):
            for name, values in outcome.metrics(weights).items():
                kept.setdefault(name, []).append(values)
    return [{name: np.concatenate(each) for name, each in kept.items()} for kept in parts]


def _interval(value: float, distances: Array | None) -> Interval:
    if distances is None:
        return Interval(_number(value))
    defined = distances[~np.isnan(distances)]
    if not len(defined) or np.isnan(value):
        return Interval(_number(value))
    low, high = np.quantile(defined, (0.025, 0.975))
    return Interval(_number(value), float(value + low), float(value + high))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
