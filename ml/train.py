"""Training: from a declaration and a warehouse to a judged version, or to the one already made."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from duckdb import DuckDBPyConnection

from ml.data.checks import content_hash, utc
from ml.evaluation.evaluate import values_of
from ml.evaluation.judging import settle
from ml.kinds import Kind, kind_of
from ml.kinds.kind import Material, Tell
from ml.monitoring.keeping import Made
from ml.monitoring.training import keep_training
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.synthetic.guard import refuse_unmarked
from ml.tables import create_tables
from ml.transaction import transaction
from ml.versions import artifact, cards, code, decisions, registry
from ml.versions.provenance import Provenance
from ml.versions.registry import ModelVersion

# Raised by one whenever the same data and declaration would give another estimator, or another
# judgement of it, than before.
ENGINE = 4


def train(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    provenance: Provenance,
    *,
    now: datetime,
    tell: Tell = lambda _: None,
    known: Mapping[str, str] = MappingProxyType({}),
) -> ModelVersion:
    """Train, judge and keep a version of ``spec``; make it champion if it is good enough.

    ``relations`` maps the names of dbt models to their tables; ``tell`` hears in a few words how
    far it is. ``known`` names columns that say when a row was known, each with what it is the known
    time of. All is kept in one transaction or nothing is. When data, declaration, seed and
    libraries are what they were for the champion (or for a version judged or put aside since),
    that version is returned with ``reused`` set.

    Raises UsageError for a declaration that does not fit, PipelineError for data that cannot be
    learnt from, Leak for features that know the label.
    """
    kind = kind_of(spec.task)
    kind.check(spec)
    with transaction(conn):
        create_tables(conn)
        cards.record(conn, spec, provenance.run_id, utc(now))
        found = kind.find(conn, spec, relations, now=now, known=known)
        refuse_unmarked(conn, found.source, spec)
        content = content_hash(conn, found.source, list(found.source.columns.values()))
        fingerprint = _fingerprint(spec, found, content)
        made = _made_before(conn, kind, spec.name, fingerprint)
        if made is not None:
            return replace(made, reused=True)
        known_by = {"data_hash": content, "fingerprint": fingerprint, **provenance.kept}
        return _made_now(conn, spec, found, known_by, now, tell)


def _made_now(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    found: Material,
    known_by: Mapping[str, Any],
    now: datetime,
    tell: Tell,
) -> ModelVersion:
    """Fit, judge and keep a version; ``known_by`` are its hashes and where it is from."""
    fitted = found.fit(conn, tell)
    report = fitted.judge(conn, tell)
    kept = artifact.dump(fitted.estimator, of=f"ML model '{spec.name}'", trust=spec.trusted)
    version = ModelVersion(
        version=registry.next_version(conn, spec.name),
        created_at=utc(now),
        decided_at=utc(now),
        **_declared(spec),
        artifact_sha256=artifact.sha256(kept),
        metrics=values_of(report.evaluations),
        train_relation=str(found.source.relation),
        data_rows=found.rows,
        **asdict(fitted.learnt),
        **known_by,
    )
    registry.add(conn, version, kept, report)
    keep_training(conn, spec, Made.with_version(version), found.source)
    fitted.keep(conn, version)
    return settle(conn, spec, version, report)


def _fingerprint(spec: ModelSpec, found: Material, content: str) -> str:
    """Return the hash of all that decides what a training gives and how it is judged."""
    problem = spec.problem.model_dump(mode="json", exclude={"question", "decision"})
    decisive = {
        "engine": ENGINE,
        "train": spec.train.model_dump(mode="json"),
        "estimator": spec.estimator.model_dump(mode="json"),
        "tune": spec.tune.model_dump(mode="json") if spec.tune else None,
        "problem": problem,
        "evaluate": spec.evaluate.model_dump(mode="json"),
        "columns": [(column.name, column.type) for column in found.source.columns.values()],
        "content": content,
        "libraries": artifact.library_versions(code.packages(spec)),
        "code": code.fingerprints(spec),
        **found.decisive,
    }
    return artifact.sha256(json.dumps(decisive, sort_keys=True).encode())


def _made_before(
    conn: DuckDBPyConnection, kind: Kind, model: str, fingerprint: str
) -> ModelVersion | None:
    """Return the champion, or a version judged or put aside since, that the same training made.

    A version whose artifact is no longer whole does not count: training again mends it.
    """
    for version in registry.versions(conn, model):
        same = version.fingerprint == fingerprint
        intact = same and registry.intact(conn, version) and kind.is_whole(conn, version)
        if intact and (
            version.status in ("champion", "challenger", "rejected")
            or decisions.put_aside_by_hand(conn, version)
        ):
            return version
        if version.status == "champion":
            return None
    return None


def _declared(spec: ModelSpec) -> dict[str, Any]:
    """Return what a version keeps of its declaration."""
    return {
        "model": spec.name,
        "status": "candidate",
        "reason": None,
        "task": spec.task,
        "estimator": spec.estimator.name,
        "seed": spec.estimator.seed,
        "spec": spec.model_dump_json(exclude_none=True),
        "libraries": json.dumps(artifact.library_versions(code.packages(spec))),
    }
