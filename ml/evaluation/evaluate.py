"""How good a version is: its metrics on some rows, with intervals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ml.evaluation.bootstrap import Measurable, Measured, measure
from ml.evaluation.outcome import Outcome

__all__ = ["Evaluation", "Outcome", "evaluate", "evaluations_of", "values_of"]

EVERYTHING = "all"


@dataclass(frozen=True)
class Evaluation:
    """One metric of one part of the data; ``low`` and ``high`` bound its 95 % interval.

    ``data`` is ``test``, ``train``, or on the test rows ``baseline`` or ``champion``. A metric
    that is not defined there has no value.
    """

    data: str
    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    segment: str = EVERYTHING
    rows: int | None = None


def evaluate(
    data: str, outcome: Measurable, *, seed: int | None = None, segment: str = EVERYTHING
) -> list[Evaluation]:
    """Return every metric of ``outcome`` under the name ``data``; with a ``seed``, intervals."""
    if seed is None:
        measured = Measured(outcome.values(), {})
    else:
        (measured,) = measure([outcome], seed)
    return evaluations_of(data, measured, len(outcome), segment)


def evaluations_of(
    data: str, measured: Measured, rows: int, segment: str = EVERYTHING
) -> list[Evaluation]:
    """Return every metric of ``measured``, which are of ``rows`` rows."""
    found = ((name, measured.interval(name)) for name in measured.values)
    return [
        Evaluation(data, name, each.value, each.low, each.high, segment, rows)
        for name, each in found
    ]


def values_of(evaluations: Iterable[Evaluation], data: str = "test") -> Mapping[str, float]:
    """Return the metrics that have a value on ``data`` by name."""
    return {
        each.metric: each.value
        for each in evaluations
        if each.data == data and each.segment == EVERYTHING and each.value is not None
    }
