"""The report of a synthetic set as lines of one table: fidelity, usefulness, privacy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml.evaluation.bootstrap import Interval
from ml.synthetic.fidelity import Apart
from ml.synthetic.privacy import Privacy
from ml.synthetic.usefulness import Worth

FIDELITY, USEFULNESS, PRIVACY = "fidelity", "usefulness", "privacy"
_NOTHING = Interval(None)


@dataclass(frozen=True)
class Line:
    """One measure of made-up rows, beside that of real ones."""

    part: str
    metric: str
    value: Interval
    real: Interval = _NOTHING
    column_name: str | None = None
    other_column: str | None = None
    rows: int = 0


def report(
    apart: Sequence[Apart], worth: Sequence[Worth], privacy: Privacy, held: int
) -> list[Line]:
    """Return all that is told of a set; ``held`` rows were held out."""
    lines = [*_fidelity(apart), *_usefulness(worth), *_privacy(privacy)]
    return [line if line.rows else _of(line, held) for line in lines]


def _of(line: Line, rows: int) -> Line:
    return Line(
        line.part, line.metric, line.value, line.real, line.column_name, line.other_column, rows
    )


def _fidelity(apart: Sequence[Apart]) -> Iterator[Line]:
    for metric, pairs in sorted({(each.metric, len(each.columns)) for each in apart}):
        own = [each for each in apart if (each.metric, len(each.columns)) == (metric, pairs)]
        name = f"{metric}_of_{'columns' if pairs == 1 else 'pairs'}"
        value, real = (
            float(np.mean(np.abs(side)))
            for side in ([each.value for each in own], [each.real for each in own])
        )
        yield Line(FIDELITY, name, Interval(value), Interval(real))
    for each in apart:
        column, other = (*each.columns, None)[:2]
        sides = Interval(each.value), Interval(each.real)
        yield Line(FIDELITY, each.metric, *sides, column, other)


def _usefulness(worth: Sequence[Worth]) -> Iterator[Line]:
    for each in worth:
        yield Line(USEFULNESS, each.metric, each.synthetic, each.real)
        yield Line(USEFULNESS, f"{each.metric}_gain", each.gain)


def _privacy(found: Privacy) -> Iterator[Line]:
    pairs = {
        "closest_record_5_pct": (found.made[0], found.held[0]),
        "closest_record_median": (found.made[1], found.held[1]),
        "equal_to_a_record": found.equal,
    }
    for name, (made, held) in pairs.items():
        yield Line(PRIVACY, name, Interval(made), Interval(held), rows=found.rows)
    expected = Interval(found.expected)
    yield Line(PRIVACY, "nearer_to_learnt", found.nearer, expected, rows=found.rows)
    if found.singled_out:
        widest = found.singled_out[-1]
        sides = Interval(widest.made), Interval(widest.real)
        yield Line(PRIVACY, "singled_out", *sides, rows=found.rows)
    for each in found.copies:
        yield Line(PRIVACY, each.metric, each.share, Interval(0.0), rows=found.rows)
