"""Training for a dbt model of materialization ``ml_model``, as a run trains an exposure's."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from dataops.artifacts import MANIFEST
from dataops.lineage.compiled import COMPILED
from dataops.manifest import Manifest
from ml.errors import PipelineError, UsageError
from ml.kinds import kind_of
from ml.tables import create_tables
from ml.transaction import transaction
from ml.versions import registry
from ml.versions.provenance import Provenance
from ml.versions.registry import ModelVersion
from orchestration.assets.sql_trained import RUN, SMOKE, STRICT
from orchestration.declared_in_sql import node_spec
from orchestration.features.code import manifest_hash
from orchestration.leaks import train_checked
from orchestration.project import Project
from orchestration.run.versions import code_version
from orchestration.sandbox.smoke import however_good


def declare(cursor: DuckDBPyConnection, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse what is declared wrongly before the select is run; make the registry's tables."""
    spec = node_spec(asked)
    kind_of(spec.task).check(spec)
    manifest, _ = _as_trained(asked)
    if spec.name in {exposure.name for exposure in manifest.exposures}:
        raise UsageError(
            f"{spec.file}: '{spec.name}' is an exposure of type ml, too; allowed: one ML model of "
            "a name",
            fix="rename the model or the exposure, then: dbt parse",
        )
    with transaction(cursor):
        create_tables(cursor)
    return {}


def train_node(cursor: DuckDBPyConnection, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Train the model of ``asked`` on the table its select has made, or find it made already.

    Raises PipelineError with the reason when no version is good enough to be champion, and for one
    that is rejected where dbt is told to be strict.
    """
    spec = node_spec(asked)
    manifest, target = _as_trained(asked)
    made_by = _made_by(asked, manifest)
    version, lineage = train_checked(cursor, spec, manifest, [target], made_by)
    if os.environ.get(SMOKE):
        version = however_good(cursor, version, made_by.run_id)
    champion = registry.champion(cursor, spec.name)
    none = f"no version of '{spec.name}' can score"
    behind = f"{champion.name} goes on scoring" if champion else none
    why = f"{spec.file}: {version.name} is {version.status}: {version.reason}; {behind}"
    if version.status == "rejected" and (champion is None or os.environ.get(STRICT)):
        raise PipelineError(
            why,
            fix="mend what it learns from, or its criteria in problem.success, then: "
            f"dbt build --select {spec.name}",
        )
    warning = why if version.status == "rejected" else None
    return {"told": _told(version), "warning": warning, "lineage": lineage}


def _told(version: ModelVersion) -> str:
    """Return in a line what came of a training, for dbt to show."""
    done = "unchanged" if version.reused else "trained"
    metrics = ", ".join(f"{name} {value:.3f}" for name, value in sorted(version.metrics.items()))
    return f"{version.name} {version.status}, {done}: {metrics}"


def _as_trained(asked: Mapping[str, Any]) -> tuple[Manifest, Path]:
    """Return the project's manifest, in which the model is its training table, and its target.

    dbt writes the manifest before it builds, and the SQL of each model as it builds it.
    """
    before, _, _ = asked["compiled_path"].rpartition(f"{COMPILED}/{asked['package']}/")
    target = Path(asked["folder"]) / before
    raw = dict(Manifest.read(target / MANIFEST).raw)
    node = raw["nodes"][asked["node"]]
    table = {"alias": asked["training"], "config": {**node["config"], "materialized": "table"}}
    raw["nodes"] = {**raw["nodes"], asked["node"]: {**node, **table}}
    return Manifest(raw), target


def _made_by(asked: Mapping[str, Any], manifest: Manifest) -> Provenance:
    """Say which run, release and code a version comes from; dbt by itself works on no release."""
    folder, run = Path(asked["folder"]), os.environ.get(RUN)
    return Provenance(
        run_id=run or asked["run"],
        release=Project.locate(folder).warehouse.release if run else None,
        code_version=code_version(folder),
        manifest_hash=manifest_hash(manifest),
    )
