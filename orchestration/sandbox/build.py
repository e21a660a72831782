"""A build in a sandbox: SQL models and ML models, stage by stage, none of it seen by readers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from duckdb import DuckDBPyConnection

from dataops.artifacts import MANIFEST
from dataops.contracts import ContractResult
from dataops.manifest import Manifest, trains
from dataops.sandbox import Graph, Sandbox, borrowed, copy_in
from ml.errors import GoldloopError, PipelineError
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.tables import COLUMNS, PREDICTIONS_SCHEMA
from ml.versions.provenance import Provenance
from orchestration.assets.feedback import refuse_circles
from orchestration.declared import declared_in
from orchestration.leaks import relations_read, train_checked
from orchestration.project import Project
from orchestration.run.versions import code_version
from orchestration.sandbox import dbt as sandbox_dbt
from orchestration.sandbox.contracts import require_kept, verify_built
from orchestration.sandbox.smoke import however_good

if TYPE_CHECKING:
    from ml.versions.registry import ModelVersion

Tell = Callable[[str], None]
EVERYTHING = "fqn:*"


@dataclass(frozen=True)
class Mode:
    """How a build goes.

    ``smoke`` builds every model without the release's help, without data tests and contracts, and
    scores with what was trained however good it is. ``strict`` fails on a version that misses its
    criteria though another one stands behind it, and on a contract that blocks.
    """

    smoke: bool = False
    strict: bool = False


@dataclass
class Built:
    """What a build has done: dbt's nodes by status, each ML model, the contracts' checks.

    ``lineage`` has what a person should know of a model's features though it trains.
    """

    nodes: dict[str, int] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    lineage: dict[str, list[str]] = field(default_factory=dict)
    contracts: list[ContractResult] = field(default_factory=list)

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the ``counts`` of one call of dbt."""
        for status, count in counts.items():
            self.nodes[status] = self.nodes.get(status, 0) + count


def build_in(project: Project, sandbox: Sandbox, selection: str, mode: Mode, tell: Tell) -> Built:
    """Build ``selection`` in ``sandbox``, then the ML models it reaches and what reads from them.

    Raises PipelineError for what fails, UsageError for what is declared wrongly.
    """
    tell("reading the project")
    selected = sandbox_dbt.select(project, sandbox, selection)
    if mode.smoke:
        selected = [id_ for id_ in selected if not id_.startswith("test.")]
    manifest = Manifest.read(sandbox.target / MANIFEST)
    specs = {spec.name: spec for spec in declared_in(project, manifest)}
    refuse_circles(manifest)
    graph, built = Graph(manifest.raw), Built()
    reached = graph.reached(selected)
    for stage in graph.stages(reached):
        if stage.nodes:
            tell(f"dbt: {len(stage.nodes)} models and tests")
            names = [graph.fqn(id_) for id_ in stage.nodes]
            if any(trains(manifest.raw["nodes"].get(id_)) for id_ in stage.nodes):
                with sandbox.connect() as connection:
                    copy_in(connection, [*COLUMNS], empty=mode.smoke)
            counts = sandbox_dbt.build(
                project, sandbox, names, smoke=mode.smoke, strict=mode.strict
            )
            built.add(counts)
        for name in stage.models:
            tell(f"training and scoring {name}")
            _model(project, sandbox, specs[name], manifest, mode, built)
    if not mode.smoke:
        tell("contracts")
        built.contracts = verify_built(project, sandbox, manifest, reached)
    if mode.strict:
        require_kept(built.contracts)
    return built


def _model(
    project: Project,
    sandbox: Sandbox,
    spec: ModelSpec,
    manifest: Manifest,
    mode: Mode,
    built: Built,
) -> None:
    """Train and score ``spec`` in the sandbox; add to ``built`` what came of it."""
    # scikit-learn takes seconds to load: most of these commands need none of it.
    from ml.score import score

    release, commit = sandbox.release, code_version(project.folder)
    made_by = Provenance(f"sandbox-{sandbox.name}", release, commit)
    targets = [sandbox.target, project.target]
    read, told = relations_read(manifest, spec), Relation(PREDICTIONS_SCHEMA, spec.name)
    try:
        with sandbox.connect() as connection, borrowed(connection, read):
            copy_in(connection, [*COLUMNS, told], empty=mode.smoke)
            version, lineage = train_checked(connection, spec, manifest, targets, made_by)
            version = _judged(connection, version, mode, made_by.run_id)
            result = score(connection, spec, manifest.relations, made_by, now=datetime.now(UTC))
    except GoldloopError as error:
        raise type(error)(f"{spec.file}: {error.problem}", fix=error.fix) from error
    built.models[spec.name] = _words(version, result.version, result.rows)
    if lineage:
        built.lineage[spec.name] = lineage


def _judged(
    connection: DuckDBPyConnection, version: "ModelVersion", mode: Mode, run_id: str
) -> "ModelVersion":
    """Let a smoke test score with what it trained; refuse what is rejected where that is strict."""
    if version.status != "rejected":
        return version
    if mode.smoke:
        return however_good(connection, version, run_id)
    if mode.strict:
        raise PipelineError(
            f"{version.name}, trained on what changed, is rejected: {version.reason}",
            fix="mend what it learns from, or its criteria in problem.success",
        )
    return version


def _words(version: "ModelVersion", scored: int, rows: int) -> str:
    trained = "unchanged" if version.reused else version.status
    why = f" ({version.reason})" if version.status == "rejected" else ""
    return f"{version.name} {trained}{why}, {rows:,} rows scored by version {scored}"
