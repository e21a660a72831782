"""The SQL half of the graph: one asset per dbt model, one check per dbt test."""

import importlib.metadata
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliInvocation, dbt_assets
from packaging.version import Version

from ml.errors import PipelineError
from ml.relation import Relation
from orchestration.progress import tell
from orchestration.project import QUIET, Project, dbt_executable
from orchestration.translator import LayerTranslator

TRANSLATOR = LayerTranslator()


def sql_assets(project: Project) -> dg.AssetsDefinition:
    """Build the assets of every dbt model of ``project``; Dagster splits them around the others."""
    manifest = project.manifest.raw

    @dbt_assets(manifest=manifest, dagster_dbt_translator=TRANSLATOR, name="sql")
    def sql(context: dg.AssetExecutionContext) -> Iterator[Any]:
        invocation = _invoke(["build", *_selection(context, manifest)], context, project)
        yield from _events(invocation, project)

    return sql


def _invoke(
    arguments: list[str], context: dg.AssetExecutionContext, project: Project
) -> DbtCliInvocation:
    """Start dbt on the open candidate.

    The resource class of dagster-dbt does the same after asking dbt for its version and loading
    it into this process too, some six seconds a run.
    """
    folders = {
        "DBT_PROFILES_DIR": str(project.profiles),
        "DBT_TARGET_PATH": str(project.target),
        "DBT_LOG_PATH": str(project.target),
    }
    return DbtCliInvocation.run(
        args=[dbt_executable(), *arguments, "--exclude-resource-type", "unit_test"],
        env=os.environ | QUIET | folders | {"DBT_LOG_FORMAT": "json", "PYTHONUNBUFFERED": "1"},
        manifest=project.manifest.raw,
        dagster_dbt_translator=TRANSLATOR,
        project_dir=project.folder,
        target_path=project.target,
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(importlib.metadata.version("dbt-core")),
    )


def _selection(context: dg.AssetExecutionContext, manifest: Mapping[str, Any]) -> list[str]:
    """Name each model and test of this step: dbt's own choice drops tests that span two steps."""
    assets = context.assets_def
    specs = [assets.get_asset_spec(key) for key in context.selected_asset_keys]
    checks = [assets.get_spec_for_check_key(key) for key in context.selected_asset_check_keys]
    ids = {(spec.metadata or {})["dagster_dbt/unique_id"] for spec in (*specs, *checks)}
    names = sorted(".".join(manifest["nodes"][unique_id]["fqn"]) for unique_id in ids)
    return ["--indirect-selection", "empty", "--select", *names]


def _events(invocation: DbtCliInvocation, project: Project) -> Iterator[Any]:
    events = []
    for event in invocation.stream():
        events.append(event)
        tell(f"dbt: {len(events)} models and tests done")
    # Rows are counted once dbt has let go of the file: two processes cannot have it open.
    with project.warehouse.connect() as connection:
        for event in events:
            if isinstance(event, dg.Output):
                yield _with_rows(event, connection, project.manifest.raw)
            else:
                yield event
    if not invocation.is_successful():
        raise _failure(project.target / "run_results.json", invocation)


def _with_rows(
    output: dg.Output[None], connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]
) -> dg.Output[None]:
    unique_id = output.metadata["unique_id"].value
    node = manifest["nodes"][unique_id]
    relation = Relation(node["schema"], node["alias"])
    row = connection.execute(f"select count(*) from {relation.sql}").fetchone()
    metadata = {**output.metadata, "dagster/row_count": row[0] if row else 0}
    return dg.Output(None, output_name=output.output_name, metadata=metadata)


def _failure(results: Path, invocation: DbtCliInvocation) -> PipelineError:
    """Say what dbt could not build or what did not hold, node by node."""
    try:
        nodes = json.loads(results.read_text(encoding="utf-8"))["results"]
    except (OSError, ValueError):
        nodes = []
    lines = [
        f"{node['unique_id']}: {str(node['message']).strip()}"
        for node in nodes
        if node["status"] in ("error", "fail", "runtime error")
    ]
    problem = "\n".join(lines) or str(invocation.get_error())
    return PipelineError(f"dbt build failed:\n{problem}", fix="correct it, then: goldloop run")
