"""The SQL half of the graph: one asset per dbt model, one check per dbt test."""

import importlib.metadata
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliInvocation
from dagster_dbt.asset_utils import build_dbt_specs
from packaging.version import Version

from dataops.artifacts import RUN_RESULTS, add_run_results
from dataops.feedback.circles import lagged
from ml.errors import PipelineError
from ml.relation import Relation
from orchestration.assets.column_lineage import ColumnLineage
from orchestration.assets.contract_checks import ContractChecks
from orchestration.assets.model_calls import after_models
from orchestration.assets.size import measured
from orchestration.assets.sql_step import TRANSLATOR, SqlStep
from orchestration.assets.sql_trained import RUN
from orchestration.assets.told_before import make_empty, on_what_stood
from orchestration.project import QUIET, Project, dbt_command
from orchestration.run.passing import failed_checks, unbuilt, unchecked
from orchestration.run.progress import tell


def sql_assets(project: Project, contracts: ContractChecks) -> dg.AssetsDefinition:
    """Build the assets of every dbt model of ``project``; Dagster splits them around the others."""
    raw = project.manifest.raw
    found = {each.id: each for each in lagged(raw)}
    specs, tests = build_dbt_specs(
        manifest=raw, translator=TRANSLATOR, select="fqn:*", exclude="",
        selector="", io_manager_key=None, project=None,
    )  # fmt: skip

    @dg.multi_asset(
        name="sql",
        specs=[on_what_stood(after_models(spec, project.manifest), raw, found) for spec in specs],
        check_specs=[*tests, *contracts.specs(spec.key for spec in specs)],
        can_subset=True,
        allow_arbitrary_check_specs=True,
    )
    def sql(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from _run_step(context, project, contracts)

    return sql


def _run_step(
    context: dg.AssetExecutionContext, project: Project, contracts: ContractChecks
) -> Iterator[Any]:
    """Build what is not blocked, check it, and raise at the end when something failed."""
    step = SqlStep.of(context, project.manifest.raw, project.blocked.all())
    selection = step.selection
    if step.lagged:
        with project.warehouse.connect() as connection:
            make_empty(connection, step.manifest, step.lagged.values())
    failure, events = _build(context, project, selection) if selection else (None, [])
    built = {each.metadata["unique_id"].value: each for each in events if _is_output(each)}
    # A door is told of by its own step, which builds it on the predictions of this run.
    outputs = {unique_id: each for unique_id, each in built.items() if unique_id in step.nodes}
    checks = [event for event in events if not _is_output(event)]
    # dbt has let go of the file by now: two processes cannot have it open.
    with project.warehouse.connect() as connection:
        checks += contracts.results(context, connection, [step.nodes[each] for each in outputs])
        lineage = ColumnLineage(project, connection)
        for unique_id, stands in step.settle(outputs, failed_checks(checks)):
            if stands:
                yield _with_facts(outputs[unique_id], connection, step, lineage)
            else:
                yield unbuilt(context, step.nodes[unique_id])
    project.blocked.add(step.causes)
    yield from checks
    if not failure:
        told = (dg.AssetCheckKey(check.asset_key, check.check_name) for check in checks)
        yield from unchecked(context, told)
    if failure:
        raise failure


def _is_output(event: Any) -> bool:
    return isinstance(event, dg.Output)


def _build(
    context: dg.AssetExecutionContext, project: Project, selection: Sequence[str]
) -> tuple[PipelineError | None, list[Any]]:
    """Let dbt build ``selection``: dbt's own choice drops tests that span two steps."""
    results = project.target / RUN_RESULTS
    results.unlink(missing_ok=True)
    arguments = ["build", "--indirect-selection", "empty", "--select", *selection]
    invocation = _invoke(arguments, context, project)
    events = []
    for event in invocation.stream():
        events.append(event)
        tell(f"dbt: {len(events)} models and tests done")
    add_run_results(results, project.warehouse.candidate.parent)
    return (None if invocation.is_successful() else _failure(results, invocation)), events


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
        RUN: context.run_id,
    }
    return DbtCliInvocation.run(
        args=[*dbt_command(), *arguments, "--exclude-resource-type", "unit_test"],
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


def _with_facts(
    output: dg.Output[None],
    connection: duckdb.DuckDBPyConnection,
    step: SqlStep,
    lineage: ColumnLineage,
) -> dg.Output[None]:
    """Return ``output`` with the size of its table and what its columns are made of."""
    unique_id = str(output.metadata["unique_id"].value)
    node = step.manifest["nodes"][unique_id]
    size = measured(connection, Relation(node["schema"], node["alias"]))
    metadata = {**output.metadata, **size, **lineage.of(step.nodes[unique_id])}
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
