"""Made-up rows beside those learnt from, as ``goldloop synthetic`` draws them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from ml.columns import Column
from ml.data.dataset import Rows
from ml.estimators.cores import threads
from ml.synthetic.coding import Coding
from ml.synthetic.declaration import LEAF
from ml.synthetic.trees import draw


def with_made_up(
    rows: Rows, columns: Sequence[Column], wanted: int, seed: int, *, classes: bool
) -> Rows:
    """Return ``rows`` followed by ``wanted`` rows made up from them, drawn by ``seed``.

    ``columns`` are the features, in order; ``classes`` says that the label is one. The made-up rows
    are marked, so that where an estimator stops by some of its rows, these are real ones.
    """
    coding = Coding.of(rows, columns, classes)
    known = coding.matrix(rows)
    at = coding.made(known)
    made = np.full((wanted, known.shape[1]), np.nan)
    # One thread, as where a set is made: the same rows and seed give the same.
    with threads(0):
        nominal = [coding.nominal[each] for each in at]
        made[:, at] = draw(known[:, at], nominal, wanted, LEAF, seed).rows
    table = rows.features
    more = coding.rows(made, table.column_names)
    times = None
    if rows.times is not None and more.times is not None:
        times = np.r_[rows.times, more.times]
    return replace(
        rows,
        table=pa.concat_tables([table, more.table.cast(table.schema)]),
        at=np.arange(len(rows.labels) + wanted),
        labels=np.concatenate([rows.labels, more.labels]),
        times=times,
        # No group has a number below 0: each made-up row is one of its own.
        groups=None if rows.groups is None else np.r_[rows.groups, -1 - np.arange(wanted)],
        marks=None if rows.marks is None else np.r_[rows.marks, np.zeros(wanted, dtype=bool)],
        segments=None,
        made_up=np.r_[np.zeros(len(rows.labels), dtype=bool), np.ones(wanted, dtype=bool)],
    )
