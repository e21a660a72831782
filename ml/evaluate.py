"""How good a version is: metrics on the rows held out, with intervals, beside a baseline."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.metrics import Array, Codes, classification, ranking, regression

RESAMPLES = 200
_MOST_ROWS = 20_000
_MOST_CELLS = 200_000
_AT_ONCE = 20

Metrics = Callable[[Array], dict[str, Array]]


@dataclass(frozen=True)
class Evaluation:
    """One metric of one part of the data; ``low`` and ``high`` bound its 95 % interval.

    ``data`` is ``test``, ``train`` or ``baseline`` (the baseline on the test rows). A metric that
    is not defined there has no value.
    """

    data: str
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    segment: str = "all"


@dataclass(frozen=True)
class Outcome:
    """Rows with what is true of them and what was told.

    ``truth`` [rows] holds class positions or numbers; ``told`` [rows, classes] probabilities, or
    [rows] numbers; with ``only_ranks`` a score [rows] whose order alone counts.
    """

    truth: Codes | Array
    told: Array
    only_ranks: bool = False

    def metrics(self, weights: Array) -> dict[str, Array]:
        """Return each metric for each row of ``weights`` [resamples, rows]."""
        if self.only_ranks:
            return ranking(np.asarray(self.truth, dtype=np.int64), self.told, weights)
        if self.told.ndim == 2:
            return classification(np.asarray(self.truth, dtype=np.int64), self.told, weights)
        return regression(np.asarray(self.truth, dtype=np.float64), self.told, weights)

    def rows(self, chosen: Codes) -> "Outcome":
        """Return the rows at the positions ``chosen``."""
        return Outcome(self.truth[chosen], self.told[chosen], self.only_ranks)


def evaluate(data: str, outcome: Outcome, *, seed: int | None = None) -> list[Evaluation]:
    """Return every metric of ``outcome`` under the name ``data``; with a ``seed``, intervals."""
    values = outcome.metrics(np.ones((1, len(outcome.truth))))
    spread = _intervals(outcome, seed) if seed is not None else {}
    return [
        Evaluation(data, name, _number(value[0]), *_around(value[0], spread.get(name)))
        for name, value in values.items()
    ]


def values_of(evaluations: Iterable[Evaluation], data: str = "test") -> Mapping[str, float]:
    """Return the metrics that have a value on ``data`` by name."""
    return {
        each.metric: each.value
        for each in evaluations
        if each.data == data and each.segment == "all" and each.value is not None
    }


def _intervals(outcome: Outcome, seed: int) -> dict[str, tuple[float, float]]:
    """Return how far below and above its value each metric lies in 95 % of resamples.

    A percentile bootstrap. Of very many rows a seeded sample is drawn from; the distances are
    then scaled by the root of the share, as those of a mean are.
    """
    random = np.random.default_rng(seed)
    total = len(outcome.truth)
    most = min(_MOST_ROWS, _MOST_CELLS * 2 // outcome.told[0].size)
    if total > most:
        outcome = outcome.rows(np.sort(random.choice(total, most, replace=False)))
    rows = len(outcome.truth)
    middle = outcome.metrics(np.ones((1, rows)))
    drawn: dict[str, list[Array]] = {name: [] for name in middle}
    for _ in range(RESAMPLES // _AT_ONCE):
        picks = random.integers(0, rows, (_AT_ONCE, rows))
        weights = np.stack([np.bincount(pick, minlength=rows) for pick in picks]).astype(np.float64)
        for name, values in outcome.metrics(weights).items():
            drawn[name].append(values)
    scale = np.sqrt(rows / total)
    return {
        name: _bounds((np.concatenate(parts) - middle[name][0]) * scale)
        for name, parts in drawn.items()
    }


def _bounds(distances: Array) -> tuple[float, float]:
    defined = distances[~np.isnan(distances)]
    if not len(defined):
        return np.nan, np.nan
    low, high = np.quantile(defined, (0.025, 0.975))
    return float(low), float(high)


def _around(value: float, distances: Sequence[float] | None) -> tuple[float | None, float | None]:
    if distances is None:
        return None, None
    return _number(value + distances[0]), _number(value + distances[1])


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
