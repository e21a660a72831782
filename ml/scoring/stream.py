"""Rows of a table as batches of what a model tells of them: read, told and handed on at once."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column, Source
from ml.data.features import infinite
from ml.data.transform import feature_column
from ml.earlier.kept import EarlierModel
from ml.earlier.telling import Teller, tell_earlier
from ml.errors import PipelineError
from ml.evaluation.metrics import Array
from ml.explain import Explainer, reasons
from ml.images.left_out import LeftOut
from ml.model import Model
from ml.relation import quote
from ml.scoring.predictions import Target
from ml.scoring.unlabelled import told_by_task

if TYPE_CHECKING:
    from ml.compiled import Compiled

# Below so many rows scikit-learn is done sooner than compiled code is loaded.
FEW_ROWS = 20_000

Tell = Callable[[pa.RecordBatch], Array]
Work = Callable[[pa.RecordBatch], pa.RecordBatch]


def told(
    conn: DuckDBPyConnection,
    source: Source,
    target: Target,
    model: Model,
    earlier: Sequence[EarlierModel] = (),
    *,
    rows: int,
    size: int,
    left_out: list[LeftOut] | None = None,
) -> Generator[pa.RecordBatch]:
    """Yield the key, the date and what is told of each row, ``size`` rows at a time.

    After these the reasons, if the target has them; with ``target.as_feature`` what may be a
    feature, told by ``earlier`` models; with ``target.incremental`` the hash of the features, and
    only rows that are new or have changed. ``rows`` is how many the table has. No more than a few
    batches are held at any time: one is read while others are told. A row whose photo cannot be
    read is passed over, and stands in ``left_out``.

    Raises PipelineError for a feature that is infinite.
    """
    tell, workers = teller(model, rows)
    made = [_earlier(each, rows) for each in earlier]
    work = _Work(source, target, model, tell, made, left_out)
    reader = _reader(conn)
    try:
        found = reader.execute(target.rows_sql)
        yield from _one_ahead(_ahead(found.to_arrow_reader(size), work.told, workers))
    finally:
        reader.close()


class _Work:
    """Makes of each batch of ``target.rows_sql`` what is written of it, see :func:`told`."""

    def __init__(
        self,
        source: Source,
        target: Target,
        model: Model,
        tell: Tell,
        earlier: Sequence[Teller],
        left_out: list[LeftOut] | None,
    ) -> None:
        self._source, self._target, self._model = source, target, model
        self._tell, self._earlier = tell, earlier
        self._columns = [
            feature_column(feature, source.columns) for feature in model.encoder.features
        ]
        self._photos = None
        if model.encoder.reads_images:
            from ml.images.batches import Photos

            names = [column.name for column in target.key]
            self._photos = Photos(self._columns, names, [] if left_out is None else left_out)
        self._explainer = Explainer(model) if target.reasons else None

    def told(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        keys = len(self._target.key_sql)
        read = keys + len(self._columns)
        if self._photos is not None:
            batch = self._photos.described(batch, keys)
        features = batch.select(range(keys, read))
        _check_finite(self._columns, features, self._source)
        probabilities = self._tell(features)
        made = columns_told(self._model, probabilities)
        own = (made["prediction"], made["score"])
        made |= self._reasons(features, probabilities)
        if self._target.as_feature:
            made |= tell_earlier(self._earlier, features, batch.column(read), own)
        return _in_place(made, batch, keys, read + self._target.as_feature)

    def _reasons(self, features: pa.RecordBatch, probabilities: Array) -> Mapping[str, pa.Array]:
        if self._explainer is None:
            return {}
        classes = self._model.decide(probabilities) if self._model.classes else None
        inputs = self._model.encoder.encode(features)
        return reasons(self._explainer.explain(inputs, classes), self._target.reasons)


def _in_place(
    made: dict[str, pa.Array], batch: pa.RecordBatch, start: int, end: int
) -> pa.RecordBatch:
    """Return ``batch`` with the columns ``made`` in the place of those from start to end."""
    names, values = batch.schema.names, batch.columns
    return pa.RecordBatch.from_arrays(
        [*values[:start], *made.values(), *values[end:]], [*names[:start], *made, *names[end:]]
    )


def columns_told(model: Model, told: Array) -> dict[str, pa.Array]:
    """Return the columns that the task writes of what ``model`` has ``told``."""
    if model.task in told_by_task:
        return told_by_task[model.task](model, told)
    prediction, score = predictions_of(model, told)
    return {"prediction": prediction, "score": score}


def predictions_of(model: Model, told: Array) -> tuple[pa.Array, pa.Array]:
    """Return the prediction and the score of each row.

    ``told`` [rows, classes] are probabilities, or [rows] numbers for a regression.
    """
    if not model.classes:
        return pa.array(told), pa.nulls(len(told), pa.float64())
    codes = model.decide(told)
    score = told[:, 1] if len(model.classes) == 2 else told[np.arange(len(told)), codes]
    return pa.array(model.classes, pa.string()).take(pa.array(codes)), pa.array(score)


def teller(model: Model, rows: int) -> tuple[Tell, int]:
    """Return what tells of a batch of features, and how many threads may do so at once."""
    made = compiled_for(model, rows)
    if made is None:
        # scikit-learn has threads of its own.
        return lambda batch: model.tell(model.encoder.encode(batch)), 0
    from ml.compiled import Values

    def tell(batch: pa.RecordBatch) -> Array:
        return made.tell([Values.of_arrow(column) for column in model.encoder.columns(batch)])

    return tell, os.cpu_count() or 1


def compiled_for(model: Model, rows: int) -> "Compiled | None":
    """Return ``model`` compiled; None where it cannot be, or so few ``rows`` are told sooner."""
    if rows < FEW_ROWS:
        return None
    # Imported here because Numba takes half a second, which few rows do not need.
    from ml.compiled import compiled

    return compiled(model)


def _earlier(each: EarlierModel, rows: int) -> Teller:
    """Return ``each`` ready to tell of a table of ``rows``."""
    model = each.model
    if model is None:
        return Teller(each.tells_from, each.learnt_until, None)
    tell, _ = teller(model, rows)
    return Teller(
        each.tells_from, each.learnt_until, lambda batch: predictions_of(model, tell(batch))
    )


def _ahead(
    batches: Iterable[pa.RecordBatch],
    work: Callable[[pa.RecordBatch], pa.RecordBatch],
    workers: int,
) -> Generator[pa.RecordBatch]:
    """Yield the ``work`` of each batch in order, ``workers`` threads being ahead of the caller."""
    if not workers:
        yield from map(work, batches)
        return
    pending: deque[Future[pa.RecordBatch]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for batch in batches:
            pending.append(pool.submit(work, batch))
            if len(pending) > workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _one_ahead(batches: Iterator[pa.RecordBatch]) -> Generator[pa.RecordBatch]:
    """Yield ``batches`` in order; a thread asks for the next one while the caller uses one."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch
            # Else it would be kept while the next one is waited for.
            del batch


def _reader(conn: DuckDBPyConnection) -> DuckDBPyConnection:
    """Return a second connection, which streams while the first one writes.

    It starts at the default database; the first may have moved to another.
    """
    places = conn.execute("select current_database(), current_schema()").fetchall()
    reader = conn.cursor()
    for database, schema in places:
        reader.execute(f"use {quote(database)}.{quote(schema)}")
    return reader


def _check_finite(columns: list[Column], features: pa.RecordBatch, source: Source) -> None:
    endless = infinite(columns, features)
    if endless:
        raise PipelineError(
            f"feature '{endless[0]}' is infinite in rows of {source.relation} (a division by "
            "zero?); allowed: finite numbers and null",
            fix=f"mend it in the SQL of {source.dbt_name}, then: {source.build}",
        )
