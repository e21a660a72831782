"""Scoring: the champion's word on every row of a table, streamed into ``predictions.<model>``."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from ml.columns import find
from ml.data.checks import Grain, check_rows, utc
from ml.data.transform import check_inputs, feature_column, worked_out
from ml.earlier.kept import load_earlier
from ml.errors import PipelineError
from ml.relation import Relation
from ml.scoring.predictions import clear, open_target, write
from ml.scoring.scorings import record
from ml.scoring.stream import told
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

    Of an incremental scoring these are the rows that were new or had changed.
    """

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
    """Score every row with ``version``, into the table of ``schema`` that has the model's name."""
    model = registry.load(conn, version, spec.trusted)
    earlier = load_earlier(conn, version, spec.trusted) if spec.score.as_feature else ()
    source = find(conn, relations, spec.score.on, "score.on", spec.file)
    key = [source.column(name, "score.key", spec.file) for name in spec.score.key]
    time = source.time(spec.score.time, "score.time", spec.file)
    check_inputs(source, model.encoder.features, version.name)
    rows = check_rows(conn, source, Grain(key, time, by_day=True), now)
    features = [
        feature_column(feature, source.columns).feature_sql for feature in model.encoder.features
    ]
    target = open_target(conn, spec, version, source.relation, key, time, features, schema)
    with worked_out(source):
        replaced = clear(conn, target)
        batches = told(conn, source, target, model, earlier, rows=rows, size=BATCH_ROWS)
        with closing(batches):
            scored = write(conn, target, batches, provenance, utc(now))
    record(conn, version, source, provenance, scored, scored - replaced, utc(now))
    return ScoreResult(spec.name, version.version, scored, scored - replaced, target.relation)


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
