"""A build in a sandbox: SQL models and ML models, stage by stage, none of it seen by readers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dataops.artifacts import MANIFEST
from dataops.contracts import ContractResult
from dataops.manifest import Manifest
from dataops.sandbox import Graph, Sandbox, borrowed, copy_in
from ml.errors import GoldloopError, PipelineError
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.tables import COLUMNS, PREDICTIONS_SCHEMA
from ml.versions.provenance import Provenance
from orchestration import sandbox_dbt
from orchestration.declared import declared_in
from orchestration.leaks import check_origins, relations_read
from orchestration.project import Project
from orchestration.sandbox_contracts import require_kept, verify_built
from orchestration.versions import code_version

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
    """What a build has done: dbt's nodes by status, each ML model, the contracts' checks."""

    nodes: dict[str, int] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
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
    graph, built = Graph(manifest.raw), Built()
    reached = graph.reached(selected)
    for stage in graph.stages(reached):
        if stage.nodes:
            tell(f"dbt: {len(stage.nodes)} models and tests")
            names = [graph.fqn(id_) for id_ in stage.nodes]
            built.add(sandbox_dbt.build(project, sandbox, names, defer=not mode.smoke))
        for name in stage.models:
            tell(f"training and scoring {name}")
            built.models[name] = _model(project, sandbox, specs[name], manifest, mode)
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
) -> str:
    """Train and score ``spec`` in the sandbox; return in words what came of it."""
    made_by = Provenance(
        run_id=f"sandbox-{sandbox.name}",
        release=sandbox.release,
        code_version=code_version(project.folder),
    )
    # scikit-learn takes seconds to load: most of these commands need none of it.
    from ml.data.checks import utc
    from ml.score import score
    from ml.train import train
    from ml.versions import decisions

    relations = manifest.relations
    read = relations_read(manifest, spec)
    try:
        with sandbox.connect() as connection, borrowed(connection, read):
            copy_in(connection, COLUMNS, empty=mode.smoke)
            told = Relation(PREDICTIONS_SCHEMA, spec.name)
            copy_in(connection, [told], empty=mode.smoke)
            targets = [sandbox.target, project.target]
            origins = check_origins(manifest, targets, connection, spec)
            with origins.told():
                version = train(
                    connection, spec, relations, made_by, now=datetime.now(UTC),
                    known=origins.known,
                )  # fmt: skip
            if version.status == "rejected" and mode.smoke:
                cause = decisions.Cause("promote", utc(datetime.now(UTC)), made_by.run_id, "smoke")
                version = decisions.promote(connection, version, cause, "a smoke test scores")
            _judge(version, mode)
            result = score(connection, spec, relations, made_by, now=datetime.now(UTC))
    except GoldloopError as error:
        raise type(error)(f"{spec.file}: {error.problem}", fix=error.fix) from error
    return _words(version, result.version, result.rows)


def _judge(version: "ModelVersion", mode: Mode) -> None:
    if version.status == "rejected" and mode.strict:
        raise PipelineError(
            f"{version.name}, trained on what changed, is rejected: {version.reason}",
            fix="mend what it learns from, or its criteria in problem.success",
        )


def _words(version: "ModelVersion", scored: int, rows: int) -> str:
    trained = "unchanged" if version.reused else version.status
    why = f" ({version.reason})" if version.status == "rejected" else ""
    return f"{version.name} {trained}{why}, {rows:,} rows scored by version {scored}"
