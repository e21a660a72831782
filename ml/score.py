"""Scoring: the champion's word on every row of a table, streamed into ``predictions.<model>``."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from ml.data.checks import utc
from ml.data.made_up import refuse_made_up
from ml.data.transform import worked_out
from ml.errors import PipelineError
from ml.images.left_out import LeftOut, keep_left_out
from ml.kinds import kind_of
from ml.relation import Relation
from ml.scoring.predictions import clear, write
from ml.scoring.scorings import record
from ml.spec import ModelSpec
from ml.tables import PREDICTIONS_SCHEMA, SHADOW_SCHEMA
from ml.transaction import transaction
from ml.versions import registry
from ml.versions.provenance import Provenance
from ml.versions.registry import ModelVersion

# A row group of DuckDB's: a batch is written whole, and is not touched again by the next one.
BATCH_ROWS = 122_880


@dataclass(frozen=True)
class ScoreResult:
    """What was written: ``rows`` predictions, of which ``new_rows`` had not been there before.

    Of an incremental scoring these are the rows that were new or had changed. ``left_out`` are rows
    without a prediction, for a photo of theirs cannot be read.
    """

    model: str
    version: int
    rows: int
    new_rows: int
    relation: Relation
    left_out: tuple[LeftOut, ...] = ()


def score(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    provenance: Provenance,
    *,
    now: datetime,
) -> ScoreResult:
    """Score every row of ``spec.score.on`` with the champion, in one transaction.

    Predictions of the same key, date and version are replaced; those of other versions, and of
    keys and dates that are not in the table, stay. So a table with rows of past dates fills these
    in, each with its own features. Rows stream by Arrow batches, so memory does not grow with them.

    With ``score.incremental`` a row whose features are those of its prediction by this version is
    passed over, and keeps its ``run_id`` and ``scored_at``. Whether they are is told by a 64-bit
    hash beside the prediction; it changes with the key, so no list of what was scored can go stale.

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
    """Score with ``version``, into the table of ``schema`` that has the model's name."""
    ready = kind_of(version.task).prepare(conn, spec, version, relations, now=now, schema=schema)
    refuse_made_up(conn, ready.source, spec)
    with worked_out(ready.source):
        replaced = clear(conn, ready.target)
        with closing(ready.batches(BATCH_ROWS)) as batches:
            scored = write(conn, ready.target, batches, provenance, utc(now))
    new = scored - replaced
    record(conn, version, ready.source, provenance, scored, new, utc(now))
    left, at = ready.left_out, utc(now)
    keep_left_out(
        conn, spec.name, version.version, provenance.run_id, ready.source.relation, left, at
    )
    relation = ready.target.relation
    return ScoreResult(spec.name, version.version, scored, new, relation, tuple(left))


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
