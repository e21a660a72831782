"""Scoring: the champion's word on every row of a table, streamed into ``predictions.<model>``."""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml import registry
from ml.checks import Grain, check_rows, utc
from ml.columns import Column, Source, find
from ml.errors import PipelineError
from ml.features import infinite
from ml.metrics import Array
from ml.model import Model
from ml.predictions import Target, clear, open_target, write
from ml.provenance import Provenance
from ml.registry import ModelVersion
from ml.relation import Relation, quote
from ml.spec import ModelSpec
from ml.tables import PREDICTIONS_SCHEMA, SHADOW_SCHEMA
from ml.transaction import transaction
from ml.transform import check_inputs, feature_column, worked_out

BATCH_ROWS = 100_000


@dataclass(frozen=True)
class ScoreResult:
    """What was written: ``rows`` predictions, of which ``new_rows`` had not been there before."""

    model: str
    version: int
    rows: int
    new_rows: int
    relation: Relation


def score(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    provenance: Provenance,
    *,
    now: datetime,
) -> ScoreResult:
    """Score every row of ``spec.score.on`` with the champion, in one transaction.

    Predictions of the same key, date and version are replaced; those of other versions stay.
    Rows stream by Arrow batches, so memory does not grow with them.

    Raises PipelineError without a champion, for a table that lacks a feature or has another type
    of it, and for rows that cannot be scored; UsageError where the declaration does not fit.
    """
    with transaction(conn):
        version = _champion(conn, spec)
        return _score(conn, spec, relations, provenance, now, version, PREDICTIONS_SCHEMA)


def score_shadow(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    provenance: Provenance,
    *,
    now: datetime,
) -> ScoreResult | None:
    """Score the same rows with the challenger, into ``shadow.<model>``; None without one.

    Raises what :func:`score` raises.
    """
    with transaction(conn):
        version = registry.challenger(conn, spec.name)
        if version is None:
            return None
        return _score(conn, spec, relations, provenance, now, version, SHADOW_SCHEMA)


def _score(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    provenance: Provenance,
    now: datetime,
    version: ModelVersion,
    schema: str,
) -> ScoreResult:
    """Score every row with ``version``, into the table of ``schema`` that has the model's name."""
    model = registry.load(conn, version)
    source = find(conn, relations, spec.score.on, "score.on", spec.file)
    key = [source.column(name, "score.key", spec.file) for name in spec.score.key]
    time = source.time(spec.score.time, "score.time", spec.file)
    check_inputs(source, model.encoder.features, version.name)
    rows = check_rows(conn, source, Grain(key, time, by_day=True), now)
    target = open_target(conn, spec, version, source.relation, key, time, schema)
    replaced = clear(conn, target)
    with worked_out(source), closing(_told(conn, source, target, model)) as batches:
        for batch in batches:
            write(conn, target, batch, provenance, utc(now))
    return ScoreResult(spec.name, version.version, rows, rows - replaced, target.relation)


def _champion(conn: DuckDBPyConnection, spec: ModelSpec) -> ModelVersion:
    found = registry.champion(conn, spec.name)
    if found is None:
        made = registry.versions(conn, spec.name)
        last = f"the last version, {made[0].name}, is {made[0].status}" if made else "it has none"
        why = f" ({made[0].reason})" if made and made[0].reason else ""
        raise PipelineError(
            f"no version of ML model '{spec.name}' is champion, so nothing scores: {last}{why}",
            fix=f"train one that meets problem.success in {spec.file}: goldloop train {spec.name}",
        )
    return found


def _told(
    conn: DuckDBPyConnection, source: Source, target: Target, model: Model
) -> Generator[pa.RecordBatch]:
    """Yield the key, the date, the prediction and the score of each row, a batch at a time."""
    columns = [feature_column(feature, source.columns) for feature in model.encoder.features]
    asked = target.key_sql + [column.feature_sql for column in columns]
    named = ", ".join(f"{sql} as c{at}" for at, sql in enumerate(asked))
    keys = len(target.key_sql)
    reader = _reader(conn)
    try:
        found = reader.execute(f"select {named} from {source.relation.sql}")
        for batch in found.to_arrow_reader(BATCH_ROWS):
            features = batch.select(range(keys, len(asked)))
            _check_finite(columns, features, source)
            inputs = model.encoder.encode(features)
            told = predictions_of(model, model.tell(inputs))
            kept = [batch.column(at) for at in range(keys)]
            names = [f"c{at}" for at in range(keys)]
            yield pa.RecordBatch.from_arrays([*kept, *told], [*names, "prediction", "score"])
    finally:
        reader.close()


def predictions_of(model: Model, told: Array) -> tuple[pa.Array, pa.Array]:
    """Return the prediction and the score of each row.

    ``told`` [rows, classes] are probabilities, or [rows] numbers for a regression.
    """
    if not model.classes:
        return pa.array(told), pa.nulls(len(told), pa.float64())
    codes = model.decide(told)
    score = told[:, 1] if len(model.classes) == 2 else told[np.arange(len(told)), codes]
    return pa.array(model.classes, pa.string()).take(pa.array(codes)), pa.array(score)


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
