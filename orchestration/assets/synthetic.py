"""The assets of made-up rows: ``landing/synthetic_<set>``, which read the set they imitate."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import dagster as dg

from ml.synthetic.declaration import SyntheticSet
from ml.synthetic.make import synthesise
from ml.synthetic.sets import Made, lines
from orchestration.assets.column_lineage import ColumnLineage
from orchestration.assets.contract_checks import ContractChecks
from orchestration.assets.ml import provenance
from orchestration.assets.size import ROWS, bytes_told
from orchestration.assets.translator import group_of
from orchestration.project import Project
from orchestration.run.passing import guarded
from orchestration.run.progress import tell
from orchestration.synthetic.sets import declared_sets, op_of

# Rows that copy real people block whatever would be built on them, and the release.
GATE = "copies_nobody"


class SyntheticConfig(dg.Config):
    """What a run may ask of a set; ``rows``: how many are made rather than as many as declared."""

    rows: int | None = None


def synthetic_assets(project: Project, contracts: ContractChecks) -> list[dg.AssetsDefinition]:
    """Build an asset for each source of ``project`` that says it is made up."""
    return [_asset(project, asked, contracts) for asked in declared_sets(project.manifest)]


def _asset(project: Project, asked: SyntheticSet, contracts: ContractChecks) -> dg.AssetsDefinition:
    key = dg.AssetKey([asked.relation.schema, asked.relation.name])
    imitated = project.manifest.relations[asked.declared.train.on]
    reads = [dg.AssetKey([imitated.schema, imitated.name])]

    @dg.multi_asset(
        name=op_of(asked.name),
        specs=[
            dg.AssetSpec(
                key, deps=reads, group_name=group_of(asked.relation.schema),
                description=f"Made-up rows like those of {imitated}. Nobody is described by them.",
                kinds={"python", "scikitlearn"},
            )
        ],
        op_tags={"file": asked.file},
        check_specs=[
            dg.AssetCheckSpec(GATE, asset=key, description="No row copies a real one."),
            *contracts.specs([key]),
        ],
        can_subset=True,
    )  # fmt: skip
    def synthetic(context: dg.AssetExecutionContext, config: SyntheticConfig) -> Iterator[Any]:
        body = partial(_make, context, project, _with_rows(asked, config.rows), key, contracts)
        yield from guarded(project, context, key, reads, body)

    return synthetic


def _with_rows(asked: SyntheticSet, rows: int | None) -> SyntheticSet:
    if rows is None:
        return asked
    return replace(asked, declared=asked.declared.model_copy(update={"rows": rows}))


def _make(
    context: dg.AssetExecutionContext,
    project: Project,
    asked: SyntheticSet,
    key: dg.AssetKey,
    contracts: ContractChecks,
) -> Iterator[Any]:
    """Make the rows in the candidate, and judge them before anything reads them."""
    made_by, now = provenance(project, context.run_id), datetime.now(UTC)
    with project.warehouse.connect() as connection:
        relations = project.manifest.relations
        made = synthesise(connection, asked, relations, made_by, now=now, tell=tell)
        facts = _facts(made) | _worth(lines(connection, made))
        checks = list(contracts.results(context, connection, [key]))
        connection.execute("checkpoint")
        facts |= bytes_told(connection, made.relation)
        columns = ColumnLineage(project, connection).of(key)
    for name, why in made.left_out.items():
        context.log.warning(f"column '{name}' of {made.relation} stays empty: {why}")
    metadata = {**facts, **columns}
    yield dg.MaterializeResult(key, metadata=metadata, check_results=[_gate(key, made), *checks])


def _gate(key: dg.AssetKey, made: Made) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=GATE,
        passed=not made.copies,
        severity=dg.AssetCheckSeverity.ERROR,
        description=made.reason,
    )


def _facts(made: Made) -> dict[str, Any]:
    return {
        ROWS: made.rows,
        "version": made.version,
        "made": "unchanged: nothing is made again" if made.reused else "now",
        "learnt_rows": made.learnt_rows,
        "held_out_rows": made.held_rows,
        "empty_columns": ", ".join(made.left_out) or "none",
    }


def _worth(told: list[dict[str, Any]]) -> dict[str, float]:
    """Return the measures that are of all columns, by name."""
    return {
        line["metric"]: line["value"]
        for line in told
        if line["column_name"] is None and line["value"] is not None
    }
