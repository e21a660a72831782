"""One row a scoring: what joins each prediction to its version, data, code and run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from duckdb import DuckDBPyConnection

from ml.columns import Source
from ml.data.checks import content_hash
from ml.relation import quote
from ml.tables import SCORINGS, create_tables, exists
from ml.versions.provenance import Provenance
from ml.versions.registry import ModelVersion


@dataclass(frozen=True)
class Scoring:
    """What is known of a scoring besides what it counted; ``feature_code`` is text as kept."""

    run_id: str
    model: str
    version: int
    release: str | None
    code_version: str | None
    manifest_hash: str | None
    score_relation: str
    feature_code: str
    scored_at: datetime

    @property
    def code(self) -> Mapping[str, str]:
        """The hash of the code of each dbt node that made the scored table."""
        found: Mapping[str, str] = json.loads(self.feature_code)
        return found


_KEPT = [each.name for each in fields(Scoring)]


def record(
    conn: DuckDBPyConnection,
    version: ModelVersion,
    source: Source,
    provenance: Provenance,
    rows: int,
    new_rows: int,
    now: datetime,
) -> None:
    """Keep that ``version`` scored ``rows`` rows of ``source``; one row a run and version."""
    create_tables(conn)
    conn.execute(
        f"delete from {SCORINGS.sql} where run_id = ? and model = ? and version = ?",
        [provenance.run_id, version.model, version.version],
    )
    kept: dict[str, object] = {
        **provenance.kept,
        "model": version.model,
        "version": version.version,
        "score_relation": str(source.relation),
        "features_hash": content_hash(conn, source, list(source.columns.values())),
        "feature_code": json.dumps(dict(provenance.feature_code), sort_keys=True),
        "rows": rows,
        "new_rows": new_rows,
        "scored_at": now,
    }
    names = ", ".join(map(quote, kept))
    marks = ", ".join("?" * len(kept))
    conn.execute(f"insert into {SCORINGS.sql} ({names}) values ({marks})", list(kept.values()))


def find_scoring(conn: DuckDBPyConnection, model: str, version: int, run_id: str) -> Scoring | None:
    """Return how ``run_id`` scored with ``version``; None where that was not recorded."""
    if not exists(conn, SCORINGS):
        return None
    row = conn.execute(
        f"select {', '.join(_KEPT)} from {SCORINGS.sql} "
        "where model = ? and version = ? and run_id = ?",
        [model, version, run_id],
    ).fetchone()
    return Scoring(*row) if row else None
