"""What is told of each row by the last model that learnt from earlier rows alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

# The prediction and the score of each row of a batch of features.
Word = Callable[[pa.RecordBatch], tuple[pa.Array, pa.Array]]


@dataclass(frozen=True)
class Teller:
    """A model that tells rows from a moment on, and the latest time it has learnt from.

    The version itself, which has told already, has no ``word``.
    """

    tells_from: datetime
    learnt_until: datetime
    word: Word | None


def tell_earlier(
    tellers: Sequence[Teller],
    features: pa.RecordBatch,
    times: pa.Array,
    own: tuple[pa.Array, pa.Array],
) -> dict[str, pa.Array]:
    """Return prediction, score and ``learnt_until`` of each row, null where no model is earlier.

    ``tellers`` are in the order they tell; ``times`` [rows] are microseconds. ``own`` is what the
    version itself has told of all rows already.
    """
    starts = np.array([each.tells_from for each in tellers], dtype="datetime64[us]")
    moments = times.to_numpy(zero_copy_only=False).astype("datetime64[us]")
    by = np.searchsorted(starts, moments, side="right") - 1
    order = np.argsort(by, kind="stable")
    parts = [
        _part(tellers, int(number), features, pa.array(np.flatnonzero(by == number)), own)
        for number in np.unique(by)
    ]
    back = pa.array(np.argsort(order, kind="stable"))
    prediction, score = (
        pa.concat_arrays([part[at] for part in parts]).take(back) if parts else own[at]
        for at in (0, 1)
    )
    # Nobody is last, where -1 finds it.
    until = np.array([*(each.learnt_until for each in tellers), None], dtype="datetime64[us]")
    learnt = pa.array(until[by], mask=by < 0)
    return {"feature_prediction": prediction, "feature_score": score, "learnt_until": learnt}


def _part(
    tellers: Sequence[Teller],
    number: int,
    features: pa.RecordBatch,
    at: pa.Array,
    own: tuple[pa.Array, pa.Array],
) -> tuple[pa.Array, pa.Array]:
    """Return what teller ``number`` says of the rows ``at``; -1 is nobody."""
    if number < 0:
        return pa.nulls(len(at), own[0].type), pa.nulls(len(at), own[1].type)
    word = tellers[number].word
    return (own[0].take(at), own[1].take(at)) if word is None else word(features.take(at))
