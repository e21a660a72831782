"""The versions of each ML model: numbered, kept in the warehouse, looked up, loaded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from ml.columns import describe
from ml.data.features import Encoder
from ml.declaration.measures import Task
from ml.declaration.trust import NOBODY, Trust
from ml.evaluation.report import Report, keep
from ml.fitting.calibration import Calibration
from ml.imported.importing import imported
from ml.judgement_tables import EVALUATIONS
from ml.model import Model
from ml.relation import Relation
from ml.spec import parse_spec
from ml.tables import MODEL_VERSIONS, exists
from ml.versions import artifact


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
    task: Task
    estimator: str
    params: str
    seed: int
    spec: str
    label: str | None
    label_type: str | None
    classes: str
    features: str
    transform: str | None
    calibration: str | None
    threshold: float | None
    train_relation: str
    data_rows: int
    train_rows: int
    made_up_rows: int | None
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

    @property
    def learnt_from(self) -> Relation:
        """The table it was trained on; in its own release that has the rows it was trained on."""
        schema, _, name = self.train_relation.partition(".")
        return Relation(schema, name)


_KEPT = [each.name for each in fields(ModelVersion) if each.name not in ("metrics", "reused")]
_METRICS = (
    f"(select map(list(metric), list(value)) from {EVALUATIONS.sql} as e "
    "where e.model = v.model and e.version = v.version and e.data = 'test' and e.segment = 'all' "
    "and e.value is not null)"
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
    report: Report,
) -> None:
    """Keep ``version`` with its artifact ``data`` and the ``report`` on it, in tables there are."""
    values = [getattr(version, name) for name in _KEPT]
    conn.execute(
        f"insert into {MODEL_VERSIONS.sql} ({', '.join(_KEPT)}, artifact) "
        f"values ({', '.join('?' * (len(_KEPT) + 1))})",
        [*values, data],
    )
    keep(conn, version.model, version.version, report)


def versions(conn: DuckDBPyConnection, model: str | None = None) -> list[ModelVersion]:
    """Return the versions of ``model`` (of all models without it), the newest first."""
    if not exists(conn, MODEL_VERSIONS):
        return []
    where = "" if model is None else "where v.model = ?"
    # A release made before a column was added is read, too.
    there = describe(conn, MODEL_VERSIONS)
    kept = ", ".join(name if name in there else f"null as {name}" for name in _KEPT)
    rows = conn.execute(
        f"select {kept}, {_METRICS} from {MODEL_VERSIONS.sql} as v {where} "
        "order by model, version desc",
        [] if model is None else [model],
    ).fetchall()
    return [replace(ModelVersion(*row[:-1]), metrics=row[-1] or {}) for row in rows]


def champion(conn: DuckDBPyConnection, model: str) -> ModelVersion | None:
    """Return the version of ``model`` that scores, if there is one."""
    return _with_status(conn, model, "champion")


def challenger(conn: DuckDBPyConnection, model: str) -> ModelVersion | None:
    """Return the version of ``model`` that scores in shadow, if there is one."""
    return _with_status(conn, model, "challenger")


def _with_status(conn: DuckDBPyConnection, model: str, status: str) -> ModelVersion | None:
    kept = (version for version in versions(conn, model) if version.status == status)
    return next(kept, None)


def load(conn: DuckDBPyConnection, version: ModelVersion, trust: Trust = NOBODY) -> Model:
    """Return ``version`` ready to tell; ``trust`` is whose code the project lets in besides.

    Raises PipelineError when its artifact is not to be trusted, see :mod:`ml.versions.artifact`.
    """
    return Model(
        Encoder.from_json(version.features),
        load_estimator(conn, version, trust),
        version.task,
        tuple(json.loads(version.classes)),
        Calibration.from_json(version.calibration) if version.calibration else None,
        version.threshold,
    )


def load_estimator(conn: DuckDBPyConnection, version: ModelVersion, trust: Trust = NOBODY) -> Any:
    """Return what the artifact of ``version`` is made of, for kinds that are no :class:`Model`.

    Raises what :func:`load` raises.
    """
    data, libraries = _artifact(conn, version), json.loads(version.libraries)
    declared = json.loads(version.spec)
    if declared["estimator"].get("onnx"):
        digest = version.artifact_sha256
        artifact.check_imported(data, digest=digest, libraries=libraries, of=version.name)
        name, file = declared.pop("name"), declared.pop("file")
        spec = parse_spec(name, declared, file=file)
        features = Encoder.from_json(version.features).features
        return imported(spec, features, json.loads(version.classes), data)
    return artifact.load(
        data,
        digest=version.artifact_sha256,
        libraries=libraries,
        of=version.name,
        trust=trust,
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
