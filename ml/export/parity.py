"""The gate an export stands behind: rows scored by the model and by the export, side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column
from ml.data.features import infinite
from ml.errors import PipelineError
from ml.evaluation.metrics import Array
from ml.export.planted import WITHOUT_NULLS, tried
from ml.model import Model
from ml.scoring.stream import predictions_of

_SHOWN = 10

# Gives the predictions and the scores of the rows tried, in their order.
Told = tuple[list[object], Array]


@dataclass(frozen=True)
class Difference:
    """A row that the export tells otherwise: what it is, and what both tell."""

    what: str
    model: str
    export: str


@dataclass(frozen=True)
class Parity:
    """What came of scoring ``rows`` both ways.

    ``greatest`` is the largest difference of scores, relative to the score where that is above
    one; ``ties`` counts the rows whose class is told otherwise because two classes are as likely.
    """

    rows: int
    greatest: float
    ties: int
    differences: tuple[Difference, ...]

    def require(self, name: str, tolerance: float) -> None:
        """Raise PipelineError with the rows that differ, where there are any."""
        if self.differences:
            raise PipelineError(
                f"{name} is not exported: {len(self.differences):,} of {self.rows:,} rows tried "
                f"are told otherwise by the export (allowed: a difference of {tolerance:g})\n"
                + _table(self.differences[:_SHOWN])
                + "\nnothing was written",
                fix=f"use goldloop score {name.split('@')[0]}, and report this with the version "
                "of scikit-learn",
            )


@dataclass(frozen=True)
class Trial:
    """The rows tried, as the model reads them and as it tells them."""

    what: list[str]
    features: pa.Table
    predictions: list[object]
    scores: Array
    gap: Array


def try_model(conn: DuckDBPyConnection, model: Model, columns: Sequence[Column]) -> Trial:
    """Let the model tell the rows tried, as :func:`ml.score.score` would.

    Where it takes no missing value, those in which one was planted are left out.
    """
    try:
        return _try(conn, model, columns)
    except (PipelineError, ValueError):
        conn.execute(WITHOUT_NULLS)
        return _try(conn, model, columns)


def _try(conn: DuckDBPyConnection, model: Model, columns: Sequence[Column]) -> Trial:
    table = conn.execute(tried(columns)).to_arrow_table()
    features = table.select(range(1, table.num_columns))
    endless = infinite(list(columns), features)
    if endless:
        raise PipelineError(
            f"feature '{endless[0]}' is infinite in a row to try the export on; allowed: finite "
            "numbers and null",
            fix="mend it in the SQL of the scored table",
        )
    told = model.tell(model.encoder.encode(features))
    predictions, scores = predictions_of(model, told)
    return Trial(
        what=table.column(0).to_pylist(),
        features=features,
        predictions=predictions.to_pylist(),
        scores=np.asarray(told if told.ndim == 1 else scores.to_numpy(), dtype=np.float64),
        gap=_gaps(model, told),
    )


def compare(trial: Trial, export: Callable[[], Told], tolerance: float) -> Parity:
    """Hold what ``export`` gives against what the model tells."""
    predictions, scores = export()
    off = np.abs(scores - trial.scores) / np.maximum(1.0, np.abs(trial.scores))
    off = np.where(np.isnan(off), np.inf, off)
    flipped = np.array(
        [_text(a) != _text(b) for a, b in zip(trial.predictions, predictions, strict=True)]
    )
    if trial.gap.size == 0:  # a number has no class
        flipped = np.zeros(len(off), dtype=bool)
    tie = flipped & (trial.gap <= tolerance) if trial.gap.size else flipped
    wrong = np.flatnonzero((off > tolerance) | (flipped & ~tie))
    differences = tuple(
        Difference(
            trial.what[at],
            _shown(trial.predictions[at], trial.scores[at]),
            _shown(predictions[at], scores[at]),
        )
        for at in wrong[np.argsort(-off[wrong], kind="stable")]
    )
    return Parity(len(off), float(off.max(initial=0.0)), int(tie.sum()), differences)


def _gaps(model: Model, told: Array) -> Array:
    """Return how far each row is from being told another class; none for numbers."""
    if told.ndim == 1:
        return np.empty(0)
    if model.threshold is not None and len(model.classes) == 2:
        return np.asarray(np.abs(told[:, 1] - model.threshold))
    ranked = np.sort(told, axis=1)
    return np.asarray(ranked[:, -1] - ranked[:, -2])


def _shown(prediction: object, score: float) -> str:
    told = repr(float(score))
    return told if isinstance(prediction, float) else f"{_text(prediction)} {told}"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(differences: Sequence[Difference]) -> str:
    rows = [["row", "model", "export"], *([d.what, d.model, d.export] for d in differences)]
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    return "\n".join(
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
