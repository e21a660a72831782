"""The versions of each ML model: numbered, judged, looked up, loaded; kept in the warehouse."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from duckdb import DuckDBPyConnection

from ml import artifact
from ml.calibration import Calibration
from ml.evaluate import Evaluation
from ml.features import Encoder
from ml.model import Model
from ml.tables import EVALUATIONS, MODEL_VERSIONS, create_tables, exists


@dataclass(frozen=True)
class ModelVersion:
    """One version of an ML model, as ``ml.model_versions`` has it, without the artifact.

    JSON columns are text here as they are there. ``metrics`` are those on the rows held out;
    ``reused`` says that training found this version already made.
    """

    model: str
    version: int
    status: str
    reason: str | None
    task: str
    estimator: str
    params: str
    seed: int
    spec: str
    label: str
    label_type: str
    classes: str
    features: str
    transform: str | None
    calibration: str | None
    threshold: float | None
    train_relation: str
    data_rows: int
    train_rows: int
    test_rows: int
    test_from: datetime | None
    data_hash: str
    fingerprint: str
    libraries: str
    code_version: str | None
    manifest_hash: str | None
    release: str | None
    run_id: str
    artifact_sha256: str
    created_at: datetime
    decided_at: datetime
    metrics: Mapping[str, float] = field(default_factory=dict)
    reused: bool = False

    @property
    def name(self) -> str:
        """The model and its version as people write them: ``name@7``."""
        return f"{self.model}@{self.version}"


_KEPT = [each.name for each in fields(ModelVersion) if each.name not in ("metrics", "reused")]
_SELECT = (
    f"select {', '.join(_KEPT)}, "
    f"(select map(list(metric), list(value)) from {EVALUATIONS.sql} as e "
    "where e.model = v.model and e.version = v.version and e.data = 'test' and e.segment = 'all' "
    f"and e.value is not null) from {MODEL_VERSIONS.sql} as v"
)


def next_version(conn: DuckDBPyConnection, model: str) -> int:
    """Return the number the next version of ``model`` has."""
    row = conn.execute(
        f"select coalesce(max(version), 0) + 1 from {MODEL_VERSIONS.sql} where model = ?", [model]
    ).fetchone()
    return int(row[0]) if row else 1


def add(
    conn: DuckDBPyConnection,
    version: ModelVersion,
    data: bytes,
    evaluations: Sequence[Evaluation],
) -> None:
    """Keep ``version`` with its artifact ``data`` and its ``evaluations``."""
    create_tables(conn)
    values = [getattr(version, name) for name in _KEPT]
    conn.execute(
        f"insert into {MODEL_VERSIONS.sql} ({', '.join(_KEPT)}, artifact) "
        f"values ({', '.join('?' * (len(_KEPT) + 1))})",
        [*values, data],
    )
    rows = [
        (version.model, version.version, e.data, e.segment, e.metric, e.value, e.low, e.high)
        for e in evaluations
    ]
    conn.executemany(f"insert into {EVALUATIONS.sql} values (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def promote(conn: DuckDBPyConnection, version: ModelVersion, now: datetime) -> ModelVersion:
    """Make ``version`` the champion; the champion before it is retired."""
    set_status = f"update {MODEL_VERSIONS.sql} set status = ?, reason = ?, decided_at = ? where "
    conn.execute(
        f"{set_status} model = ? and status = 'champion'",
        ["retired", f"{version.name} took its place", now, version.model],
    )
    conn.execute(
        f"{set_status} model = ? and version = ?",
        ["champion", None, now, version.model, version.version],
    )
    return replace(version, status="champion", reason=None, decided_at=now)


def reject(
    conn: DuckDBPyConnection, version: ModelVersion, reason: str, now: datetime
) -> ModelVersion:
    """Mark ``version`` as not good enough, with the ``reason``; the champion stays."""
    conn.execute(
        f"update {MODEL_VERSIONS.sql} set status = 'rejected', reason = ?, decided_at = ? "
        "where model = ? and version = ?",
        [reason, now, version.model, version.version],
    )
    return replace(version, status="rejected", reason=reason, decided_at=now)


def versions(conn: DuckDBPyConnection, model: str | None = None) -> list[ModelVersion]:
    """Return the versions of ``model`` (of all models without it), the newest first."""
    if not exists(conn, MODEL_VERSIONS):
        return []
    where = "" if model is None else "where v.model = ?"
    rows = conn.execute(
        f"{_SELECT} {where} order by model, version desc", [] if model is None else [model]
    ).fetchall()
    return [replace(ModelVersion(*row[:-1]), metrics=row[-1] or {}) for row in rows]


def champion(conn: DuckDBPyConnection, model: str) -> ModelVersion | None:
    """Return the version of ``model`` that scores, if there is one."""
    kept = [version for version in versions(conn, model) if version.status == "champion"]
    return kept[0] if kept else None


def load(conn: DuckDBPyConnection, version: ModelVersion) -> Model:
    """Return ``version`` ready to tell.

    Raises PipelineError when its artifact is not to be trusted or read, see :mod:`ml.artifact`.
    """
    estimator = artifact.load(
        _artifact(conn, version),
        digest=version.artifact_sha256,
        libraries=json.loads(version.libraries),
        of=version.name,
    )
    return Model(
        Encoder.from_json(version.features),
        estimator,
        "regression" if version.task == "regression" else "classification",
        tuple(json.loads(version.classes)),
        Calibration.from_json(version.calibration) if version.calibration else None,
        version.threshold,
    )


def intact(conn: DuckDBPyConnection, version: ModelVersion) -> bool:
    """Whether the artifact of ``version`` is still what was recorded."""
    return artifact.sha256(_artifact(conn, version)) == version.artifact_sha256


def _artifact(conn: DuckDBPyConnection, version: ModelVersion) -> bytes:
    row = conn.execute(
        f"select artifact from {MODEL_VERSIONS.sql} where model = ? and version = ?",
        [version.model, version.version],
    ).fetchone()
    return bytes(row[0]) if row and row[0] is not None else b""
