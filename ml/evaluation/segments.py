"""Metrics of parts of the rows held out: a model good on the whole may fail for some."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.evaluation.evaluate import Evaluation, evaluate
from ml.evaluation.metrics import Codes
from ml.evaluation.outcome import Outcome

FEWEST_ROWS = 30
# Of a column of many values the most frequent ones are told.
_MOST_VALUES = 50


def evaluate_segments(outcome: Outcome, segments: pa.Table | None, seed: int) -> list[Evaluation]:
    """Return every metric for each value of each column of ``segments``, which are text.

    Of fewer than 30 rows, or of one class, the metrics have no value.
    """
    if segments is None:
        return []
    return [
        each
        for name in segments.column_names
        for segment, rows in _parts(name, segments.column(name))
        for each in _evaluated(segment, outcome.rows(rows), seed)
    ]


def _parts(name: str, column: pa.ChunkedArray) -> Iterator[tuple[str, Codes]]:
    """Yield each value as ``column=value`` with its rows, the most frequent first."""
    counts = pc.value_counts(column).to_pylist()
    ranked = sorted(counts, key=lambda each: (-each["counts"], str(each["values"])))
    for value in (each["values"] for each in ranked[:_MOST_VALUES]):
        same = pc.is_null(column) if value is None else pc.fill_null(pc.equal(column, value), False)
        rows = np.flatnonzero(same.to_numpy(zero_copy_only=False) if isinstance(same, pa.Array)
                              else same.to_numpy())  # fmt: skip
        yield (f"{name} is null" if value is None else f"{name}={value}"), rows


def _evaluated(segment: str, outcome: Outcome, seed: int) -> Sequence[Evaluation]:
    rows = len(outcome.truth)
    one_class = outcome.told.ndim == 2 and len(np.unique(outcome.truth)) < 2
    if rows >= FEWEST_ROWS and not one_class:
        return evaluate("test", outcome, seed=seed, segment=segment)
    return [Evaluation("test", name, None, segment=segment, rows=rows) for name in outcome.values()]
