"""Training: from a declaration and a warehouse to a judged version, or to the one already made."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from ml import artifact, estimators, gates, registry
from ml.baselines import baseline_column, baseline_outcome
from ml.checks import content_hash, utc
from ml.dataset import TrainingSet, find_training_set, read
from ml.errors import PipelineError
from ml.evaluate import Evaluation, Outcome, evaluate, values_of
from ml.features import Encoder, fit_encoder, infinite
from ml.holdout import Parts, hold_out
from ml.presets import PRESETS
from ml.provenance import Provenance
from ml.registry import ModelVersion
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.tables import create_tables
from ml.transaction import transaction

# Raised by one whenever the same data and declaration would give another estimator than before.
ENGINE = 1


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator as it is kept, and how good it is."""

    encoder: Encoder
    artifact: bytes
    evaluations: list[Evaluation]


def train(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    provenance: Provenance,
    *,
    now: datetime,
) -> ModelVersion:
    """Train, judge and keep a version of ``spec``; make it champion if it is good enough.

    ``relations`` maps the names of dbt models to their tables. All is kept in one transaction or
    nothing is. When data, declaration, seed and libraries are what they were for the champion (or
    for a version rejected since), that version is returned with ``reused`` set.

    Raises UsageError for a declaration that does not fit, PipelineError for data that cannot be
    learnt from.
    """
    estimators.check_params(spec)
    with transaction(conn):
        create_tables(conn)
        found = find_training_set(conn, spec, relations, now)
        content = content_hash(conn, found.source, list(found.source.columns.values()))
        fingerprint = _fingerprint(spec, found, content)
        made = _made_before(conn, spec.name, fingerprint)
        if made is not None:
            return replace(made, reused=True)
        parts = hold_out(spec, found, read(conn, found))
        fitted = _fit(spec, found, parts)
        version = ModelVersion(
            version=registry.next_version(conn, spec.name),
            data_hash=content,
            fingerprint=fingerprint,
            created_at=utc(now),
            decided_at=utc(now),
            **_declared(spec),
            **_learnt(found, parts, fitted),
            **asdict(provenance),
        )
        registry.add(conn, version, fitted.artifact, fitted.evaluations)
        return _judge(conn, spec, version, fitted.evaluations)


def _fingerprint(spec: ModelSpec, found: TrainingSet, content: str) -> str:
    """Return the hash of all that decides what a training gives and how it is judged."""
    problem = spec.problem.model_dump(mode="json", exclude={"question", "decision"})
    decisive = {
        "engine": ENGINE,
        "train": spec.train.model_dump(mode="json"),
        "estimator": spec.estimator.model_dump(mode="json"),
        "problem": problem,
        "columns": [(column.name, column.type) for column in found.source.columns.values()],
        "content": content,
        "libraries": artifact.library_versions(),
    }
    return artifact.sha256(json.dumps(decisive, sort_keys=True).encode())


def _made_before(conn: DuckDBPyConnection, model: str, fingerprint: str) -> ModelVersion | None:
    """Return the champion, or a version rejected since, that the same training made.

    A version whose artifact is no longer whole does not count: training again mends it.
    """
    for version in registry.versions(conn, model):
        same = version.fingerprint == fingerprint and registry.intact(conn, version)
        if same and version.status in ("champion", "rejected"):
            return version
        if version.status == "champion":
            return None
    return None


def _fit(spec: ModelSpec, found: TrainingSet, parts: Parts) -> Fitted:
    encoder = _encoder(spec, found, parts)
    column = baseline_column(spec, encoder, len(found.classes))
    learnt, held = encoder.encode(parts.learnt.features), encoder.encode(parts.held.features)
    estimator = estimators.fit(spec, encoder, learnt, parts.learnt.labels)
    told, told_learnt = (estimators.tell(estimator, part, spec.task) for part in (held, learnt))
    baseline = baseline_outcome(
        column, parts.learnt.labels, parts.held.labels, held, len(found.classes)
    )
    seed = spec.estimator.seed
    evaluations = [
        *evaluate("test", Outcome(parts.held.labels, told), seed=seed),
        *evaluate("train", Outcome(parts.learnt.labels, told_learnt)),
        *evaluate("baseline", baseline, seed=seed),
    ]
    return Fitted(encoder, artifact.dump(estimator), evaluations)


def _encoder(spec: ModelSpec, found: TrainingSet, parts: Parts) -> Encoder:
    """Learn the encoder from the rows learnt from; refuse features nothing can be learnt of."""
    columns, rows = found.features, parts.learnt.features
    fix = f"leave it out or mend it in the SQL of {found.source.dbt_name}, then: "
    fix += found.source.build
    endless = infinite(columns, rows) or infinite(columns, parts.held.features)
    if endless:
        raise PipelineError(
            f"feature '{endless[0]}' is infinite in rows of {found.source.relation} (a division "
            "by zero?); allowed: finite numbers and null",
            fix=fix,
        )
    reads_text = PRESETS[spec.estimator.preset].reads_text
    most = estimators.most_categories(spec)
    encoder = fit_encoder(columns, rows, reads_text=reads_text, most=most)
    empty = [each.name for each in encoder.features if each.missing == rows.num_rows]
    if empty:
        raise PipelineError(
            f"feature {_quoted(empty)} is null in all {rows.num_rows:,} rows of "
            f"{found.source.relation} that are learnt from; nothing can be learnt of it",
            fix=fix,
        )
    return encoder


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _declared(spec: ModelSpec) -> dict[str, Any]:
    """Return what a version keeps of its declaration."""
    return {
        "model": spec.name,
        "status": "candidate",
        "reason": None,
        "task": spec.task,
        "estimator": spec.estimator.preset,
        "params": json.dumps(dict(spec.estimator.params), ensure_ascii=False),
        "seed": spec.estimator.seed,
        "spec": spec.model_dump_json(exclude_none=True),
        "libraries": json.dumps(artifact.library_versions()),
    }


def _learnt(found: TrainingSet, parts: Parts, fitted: Fitted) -> dict[str, Any]:
    """Return what a version keeps of its training."""
    return {
        "label": found.label.name,
        "label_type": found.label.type,
        "classes": json.dumps(found.classes, ensure_ascii=False),
        "features": fitted.encoder.to_json(),
        "artifact_sha256": artifact.sha256(fitted.artifact),
        "metrics": values_of(fitted.evaluations),
        "train_relation": str(found.source.relation),
        "data_rows": found.rows,
        "train_rows": len(parts.learnt.labels),
        "test_rows": len(parts.held.labels),
        "test_from": parts.test_from,
    }


def _judge(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    version: ModelVersion,
    evaluations: list[Evaluation],
) -> ModelVersion:
    """Promote ``version`` if it meets every criterion of success, else reject it."""
    missed = gates.failures(
        spec.problem, values_of(evaluations), values_of(evaluations, "baseline")
    )
    if missed:
        return registry.reject(conn, version, "; ".join(missed), version.created_at)
    return registry.promote(conn, version, version.created_at)
