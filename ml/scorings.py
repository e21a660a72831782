"""One row a scoring: what joins each prediction to its version, data, code and run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from duckdb import DuckDBPyConnection

from ml.checks import content_hash
from ml.columns import Source
from ml.provenance import Provenance
from ml.registry import ModelVersion
from ml.tables import SCORINGS, create_tables, exists


@dataclass(frozen=True)
class Scoring:
    """A row of ``ml.scorings`` but for what is counted; ``feature_code`` is text as it is there."""

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


def scoring_of(
    version: ModelVersion,
    source: Source,
    provenance: Provenance,
    feature_code: Mapping[str, str],
    now: datetime,
) -> Scoring:
    """Return the scoring of ``source`` by ``version``."""
    return Scoring(
        provenance.run_id,
        version.model,
        version.version,
        provenance.release,
        provenance.code_version,
        provenance.manifest_hash,
        str(source.relation),
        json.dumps(dict(feature_code), sort_keys=True),
        now,
    )


def record(
    conn: DuckDBPyConnection, scoring: Scoring, source: Source, rows: int, new_rows: int
) -> None:
    """Keep ``scoring`` of ``rows`` rows; one run has one for each version."""
    create_tables(conn)
    conn.execute(
        f"delete from {SCORINGS.sql} where run_id = ? and model = ? and version = ?",
        [scoring.run_id, scoring.model, scoring.version],
    )
    content = content_hash(conn, source, list(source.columns.values()))
    names = [*_KEPT, "features_hash", "rows", "new_rows"]
    quoted = ", ".join(f'"{name}"' for name in names)
    conn.execute(
        f"insert into {SCORINGS.sql} ({quoted}) values ({', '.join('?' * len(names))})",
        [*(getattr(scoring, name) for name in _KEPT), content, rows, new_rows],
    )


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
