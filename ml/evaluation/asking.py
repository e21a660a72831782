"""Asking a model about altered copies of some rows, many at a time."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from ml.evaluation.metrics import Array, Codes
from ml.model import Model

# Few rows are told on one thread, see ml.estimators; more at once gain nothing.
_AT_ONCE = 16_000


def sample_of(rows: int, most: int, seed: int) -> Codes:
    """Return at most ``most`` of ``rows`` positions, in order, drawn by ``seed``."""
    if rows <= most:
        return np.arange(rows, dtype=np.int64)
    drawn = np.random.default_rng(seed).choice(rows, most, replace=False)
    return np.asarray(np.sort(drawn), dtype=np.int64)


def told_of(model: Model, tables: Iterable[pa.Table]) -> Iterator[Array]:
    """Yield what ``model`` tells of each table of features, all with equal numbers of rows."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if (len(waiting) + 1) * table.num_rows > _AT_ONCE:
            yield from _told(model, waiting)
            waiting = []
    yield from _told(model, waiting)


def _told(model: Model, tables: list[pa.Table]) -> Iterator[Array]:
    if tables:
        told = model.tell(model.encoder.encode(pa.concat_tables(tables)))
        yield from np.split(told, len(tables))
