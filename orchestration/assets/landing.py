"""The landing assets: one per dbt source that says where its files are."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from dataops.landing import (
    LandingProgress,
    LandingSource,
    SourceReport,
    ingest,
    parse_landing,
)
from orchestration.assets.contract_checks import ContractChecks
from orchestration.assets.size import bytes_told
from orchestration.assets.translator import group_of
from orchestration.project import Project
from orchestration.run.passing import failed_checks
from orchestration.run.progress import tell

# Files that cannot be read are a warning, the rest goes on; a source that cannot is an error.
CHECK = "files_are_read"


class IngestConfig(dg.Config):
    """What a run may ask of ingest; ``again``: a glob of files to load once more."""

    again: str | None = None


def landing_assets(project: Project, contracts: ContractChecks) -> list[dg.AssetsDefinition]:
    """Build one asset per landing source, loaded together by one step."""
    found = [(parse_landing(node), node) for node in project.manifest.sources]
    sources = {_key(node): source for source, node in found if source is not None}
    if not sources:
        return []

    @dg.multi_asset(
        name="landing",
        can_subset=True,
        specs=[_spec(source, node) for source, node in found if source is not None],
        check_specs=[
            *(dg.AssetCheckSpec(CHECK, asset=key) for key in sources),
            *contracts.specs(sources),
        ],
    )
    def landing(
        context: dg.AssetExecutionContext, config: IngestConfig
    ) -> Iterator[dg.MaterializeResult[None]]:
        keys = [key for key in sources if key in context.selected_asset_keys]
        asked = [sources[key] for key in keys]
        now = datetime.now(UTC)
        with project.warehouse.connect() as connection:
            reports = ingest(
                connection, asked, project.landing, now=now, again=config.again, progress=_tell
            )
            checks = list(contracts.results(context, connection, keys))
            connection.execute("checkpoint")
            sizes = [bytes_told(connection, source.relation) for source in asked]
        for key, report, size in zip(keys, reports, sizes, strict=True):
            mine = [check for check in checks if check.asset_key == key]
            result = _result(context, key, report, mine, size)
            project.blocked.add(failed_checks([result]))
            yield result

    return [landing]


def _key(node: Mapping[str, Any]) -> dg.AssetKey:
    return dg.AssetKey([node["schema"], node["identifier"]])


def _spec(source: LandingSource, node: Mapping[str, Any]) -> dg.AssetSpec:
    return dg.AssetSpec(
        _key(node),
        group_name=group_of(node["schema"]),
        description=node["description"],
        kinds={"duckdb", source.format},
    )


def _tell(progress: LandingProgress) -> None:
    tell(f"landing {progress.source}: {progress.files_done} of {progress.files_total} files")


def _result(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    report: SourceReport,
    contract: list[dg.AssetCheckResult],
    size: Mapping[str, int],
) -> dg.MaterializeResult[None]:
    told = "\n".join(report.messages)
    if told:
        context.log.warning(told)
    severity = dg.AssetCheckSeverity.ERROR if report.error else dg.AssetCheckSeverity.WARN
    check = dg.AssetCheckResult(
        asset_key=key,
        check_name=CHECK,
        passed=report.is_ok,
        severity=severity,
        description=told or None,
    )
    counts = {
        "files": report.files_loaded,
        "files_failed": report.files_failed,
        "rows": report.rows,
        "rejected": report.rejected,
    }
    metadata = {**counts, **size}
    return dg.MaterializeResult(asset_key=key, metadata=metadata, check_results=[check, *contract])
