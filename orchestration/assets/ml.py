"""The ML half of the graph: a training asset and a scoring asset per declared ML model."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import dagster as dg
from duckdb import DuckDBPyConnection

from ml.errors import GoldloopError
from ml.images import left_out
from ml.monitoring.retraining import Retraining
from ml.relation import Relation
from ml.score import score, score_shadow
from ml.spec import ModelSpec
from ml.versions import cards, registry
from ml.versions.provenance import Provenance
from ml.versions.registry import ModelVersion
from orchestration.assets.column_lineage import ColumnLineage
from orchestration.assets.contract_checks import ContractChecks
from orchestration.assets.retraining import train_if_due
from orchestration.assets.size import ROWS, bytes_told
from orchestration.assets.watching import check_specs, watched_checks
from orchestration.declared import declared_models
from orchestration.features.code import feature_code, manifest_hash
from orchestration.models.kinds import found_facts
from orchestration.models.listing import criterion_in_words, judged_metrics
from orchestration.project import Project
from orchestration.run.passing import guarded
from orchestration.run.versions import code_version

ML, PREDICTIONS = "ml", "predictions"
GATE = "success_criteria"
KINDS = {"python", "scikitlearn"}
Results = Iterator[dg.MaterializeResult[None]]


def ml_assets(project: Project, contracts: ContractChecks) -> list[dg.AssetsDefinition]:
    """Build ``ml/<model>`` and ``predictions/<model>`` for every ML model of ``project``."""
    descriptions = {model.name: model for model in project.manifest.exposures}
    assets = []
    for spec in declared_models(project):
        exposure = descriptions[spec.name]
        owner = str(exposure.owner.get("email") or "")
        owners = [owner] if owner else None
        assets.append(_training(project, spec, exposure.description, owners))
        assets.append(_scoring(project, spec, exposure.description, owners, contracts))
    return assets


def _training(
    project: Project, spec: ModelSpec, description: str, owners: list[str] | None
) -> dg.AssetsDefinition:
    key, reads = dg.AssetKey([ML, spec.name]), [_key(project.manifest.relations[spec.train.on])]

    @dg.multi_asset(
        name=f"{ML}__{spec.name}",
        specs=[
            dg.AssetSpec(
                key, deps=reads, group_name=ML, description=description, owners=owners, kinds=KINDS
            )
        ],
        op_tags={"file": spec.file},
        check_specs=[dg.AssetCheckSpec(GATE, asset=key, description=_judged_by(spec))],
        # What is passed over has no checks to tell of; else Dagster would require them.
        can_subset=True,
    )
    def training(context: dg.AssetExecutionContext) -> Results:
        body = partial(_train, context, project, spec, key)
        yield from guarded(project, context, key, reads, body)

    return training


def _train(
    context: dg.AssetExecutionContext, project: Project, spec: ModelSpec, key: dg.AssetKey
) -> Iterator[Any]:
    """Train ``spec`` in the candidate, and tell of it and of where its features are from."""
    with _naming(spec), project.warehouse.connect() as connection:
        made_by = provenance(project, context.run_id)
        version, lineage, decided = train_if_due(context, connection, project, spec, made_by)
        champion = registry.champion(connection, spec.name)
        left = left_out.told(connection, context.run_id, spec.name)
        card = cards.cards(connection, spec.name)[-1]
        found = found_facts(connection, version) | ColumnLineage(project, connection).of(key)
    gate, facts = _gate(version, champion), _facts(version, decided) | found
    if card.warning:
        context.log.warning(card.warning)
        facts["problem_card"] = card.warning
    if left:
        context.log.warning(left)
        facts["left_out"] = left
    if lineage:
        context.log.info("\n".join(lineage))
        facts["lineage"] = "\n".join(lineage)
    yield dg.MaterializeResult(key, metadata=facts, check_results=[gate])


def _scoring(
    project: Project,
    spec: ModelSpec,
    description: str,
    owners: list[str] | None,
    contracts: ContractChecks,
) -> dg.AssetsDefinition:
    key = dg.AssetKey([PREDICTIONS, spec.name])
    reads = [dg.AssetKey([ML, spec.name]), _key(project.manifest.relations[spec.score.on])]
    told = f"Predictions of {spec.name}. {description}"

    @dg.multi_asset(
        name=f"{PREDICTIONS}__{spec.name}",
        specs=[
            dg.AssetSpec(
                key, deps=reads, group_name=PREDICTIONS, description=told, owners=owners,
                kinds=KINDS,
            )
        ],
        op_tags={"file": spec.file},
        check_specs=[*contracts.specs([key]), *check_specs(spec, key)],
        can_subset=True,
    )  # fmt: skip
    def scoring(context: dg.AssetExecutionContext) -> Results:
        body = partial(_score, context, project, spec, contracts)
        yield from guarded(project, context, key, reads, body)

    return scoring


def _score(
    context: dg.AssetExecutionContext, project: Project, spec: ModelSpec, contracts: ContractChecks
) -> Iterator[Any]:
    """Score by the champion, and beside it by the challenger, and judge what is promised."""
    key, relations = dg.AssetKey([PREDICTIONS, spec.name]), project.manifest.relations
    with _naming(spec), project.warehouse.connect() as connection:
        code = feature_code(project.manifest, spec.score.on)
        made_by = replace(provenance(project, context.run_id), feature_code=code)
        result = score(connection, spec, relations, made_by, now=datetime.now(UTC))
        shadow = _in_shadow(context, connection, spec, relations, made_by)
        left = left_out.told(connection, context.run_id, spec.name) if result.left_out else None
        checks = list(contracts.results(context, connection, [key]))
        checks += watched_checks(context, connection, project, spec, key)
        connection.execute("checkpoint")
        size = bytes_told(connection, Relation(PREDICTIONS, spec.name))
        columns = ColumnLineage(project, connection).of(key)
    metadata = {ROWS: result.rows, "model_version": result.version, **size, **shadow, **columns}
    if left:
        context.log.warning(left)
        metadata["left_out"] = left
    yield dg.MaterializeResult(key, metadata=metadata, check_results=checks)


def _in_shadow(
    context: dg.AssetExecutionContext,
    connection: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    made_by: Provenance,
) -> dict[str, str | int]:
    """Let the challenger score beside the champion; its failure is told and fails nothing."""
    try:
        result = score_shadow(connection, spec, relations, made_by, now=datetime.now(UTC))
    except GoldloopError as error:
        context.log.warning(f"the challenger of {spec.name} could not score: {error}")
        return {"challenger": f"could not score: {error.problem}"}
    if result is None:
        return {}
    return {"challenger_version": result.version, "challenger_rows": result.rows}


@contextlib.contextmanager
def _naming(spec: ModelSpec) -> Iterator[None]:
    """Say in which file the model stands whose training or scoring failed."""
    try:
        yield
    except GoldloopError as error:
        if spec.file in str(error):
            raise
        raise type(error)(f"{spec.file}: {error.problem}", fix=error.fix) from error


def provenance(project: Project, run_id: str) -> Provenance:
    """Say which run, which release and which code a version or a prediction comes from."""
    return Provenance(
        run_id=run_id,
        release=project.warehouse.release,
        code_version=code_version(project.folder),
        manifest_hash=manifest_hash(project.manifest),
    )


def _facts(version: ModelVersion, decided: Retraining | None) -> dict[str, str | int | float]:
    trained = "unchanged: nothing is trained again" if version.reused else "now"
    if decided is not None:
        trained = f"{trained}: {decided.reason}" if decided.is_trained else f"no: {decided.reason}"
    facts: dict[str, str | int | float] = {
        "version": version.version,
        "status": version.status,
        "trained": trained,
        "training_rows": version.train_rows,
        "made_up_rows": version.made_up_rows or 0,
        "held_out_rows": version.test_rows,
    }
    if version.reason:
        facts["reason"] = version.reason
    return facts | dict(version.metrics or {})


def _judged_by(spec: ModelSpec) -> str:
    """Say what a version is held to, and what becomes of one that falls short."""
    declared = (each.model_dump(exclude_none=True) for each in spec.problem.success)
    criteria = "; ".join(map(criterion_in_words, declared))
    return (
        f"{spec.file}: {criteria}. A version that falls short is rejected and the champion goes on "
        "scoring; without a champion no release is published"
    )


def _gate(version: ModelVersion, champion: ModelVersion | None) -> dg.AssetCheckResult:
    """Judge the version: one that falls short blocks the run if no champion stands behind it."""
    behind = f"; {champion.name} goes on scoring" if champion else "; no version can score"
    passed = version.status != "rejected"
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey([ML, version.model]),
        check_name=GATE,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN if champion else dg.AssetCheckSeverity.ERROR,
        description=_standing(version) if passed else f"{version.name}: {version.reason}{behind}",
    )


def _standing(version: ModelVersion) -> str:
    """Say what a version that is good enough has become."""
    why = f" ({version.reason})" if version.reason else ""
    return f"{version.name} is {version.status}{why}: {judged_metrics(version)}"


def _key(relation: Relation) -> dg.AssetKey:
    return dg.AssetKey([relation.schema, relation.name])
