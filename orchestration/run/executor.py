"""The executor of every run: it opens a candidate first and publishes it last, or not at all."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster import DagsterEvent
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.events import EngineEventData
from dagster._core.execution.step_dependency_config import StepDependencyConfig
from dagster._core.executor.in_process import InProcessExecutor

from dataops.artifacts import MANIFEST, as_built, built_nodes
from dataops.warehouse import Candidate, Release
from ml.errors import PipelineError
from ml.versions import registry
from orchestration.declared import declared_models
from orchestration.project import Project
from orchestration.run.audit import Audit
from orchestration.run.dead_runs import alive, fail_dead_runs
from orchestration.run.failures import Unpublished
from orchestration.run.progress import tell
from orchestration.run.recording import Recorder
from orchestration.run.versions import code_version
from orchestration.synthetic.sets import unmarked_tables

RESUMED = "dagster/is_resume_retry"
# A step goes on with the outputs that are there, though another output of the step before is not.
BY_OUTPUT = StepDependencyConfig(require_upstream_step_success=False)

# A person has ended the run: Ctrl-C, "terminate" in the UI, or the generator was closed.
INTERRUPTED = (GeneratorExit, KeyboardInterrupt, DagsterExecutionInterruptedError)


class ReleasingExecutor(dg.Executor):
    """Runs the steps in this process, between opening a candidate and publishing it.

    A run of whatever kind (the whole job, a few assets picked in the UI) is one release or none.
    """

    def __init__(self, inner: dg.Executor, project: Project) -> None:
        self.inner = InProcessExecutor(inner.retries, step_dependency_config=BY_OUTPUT)
        self.project = project

    @property
    def retries(self) -> Any:
        """The retry mode of the steps."""
        return self.inner.retries

    @property
    def step_dependency_config(self) -> Any:
        """The step dependencies of the steps."""
        return self.inner.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[DagsterEvent]:
        """Yield the events of the steps, then the release's; raise when it is not published."""
        _refuse_resuming(plan_context.dagster_run)
        with alive(self.project.home, plan_context.run_id):
            candidate = self._open(plan_context)
            fail_dead_runs(self.project.home, plan_context.instance, plan_context.run_id)
            recorder = Recorder(self.project.warehouse.ledger, candidate)
            with _ended(candidate, recorder):
                self._load_ledger(candidate)
                yield from recorder.follow(self.inner.execute(plan_context, execution_plan))
                release = self._publish(plan_context, candidate, recorder)
                recorder.published(release)
            told = EngineEventData(metadata={"release": dg.MetadataValue.text(release.id)})
            yield DagsterEvent.engine_event(plan_context, f"Published release {release.id}", told)

    def _open(self, plan_context: Any) -> Candidate:
        def waiting(text: str) -> None:
            plan_context.log.info(text)
            tell(text)

        return self.project.warehouse.open(plan_context.run_id, self.project.wait_seconds, waiting)

    def _load_ledger(self, candidate: Candidate) -> None:
        with self.project.warehouse.connect() as connection:
            self.project.warehouse.ledger.load(connection)

    def _publish(self, plan_context: Any, candidate: Candidate, recorder: Recorder) -> Release:
        """Audit the run and publish the candidate; raise PipelineError with the reasons if not."""
        audit = Audit.of(plan_context.instance, plan_context.run_id)
        recorder.missing(audit)
        reasons = [*audit.reasons, *self._unmarked()]
        if reasons:
            raise Unpublished(reasons)
        if not audit.built:
            raise PipelineError("nothing was built, nothing is published", fix="type: goldloop run")
        facts = {"checks": audit.checks} | _facts(self.project, candidate, audit)
        return candidate.publish(facts, datetime.now(UTC))

    def _unmarked(self) -> list[str]:
        """Return the tables of made-up rows that do not say so: those are not published."""
        with self.project.warehouse.connect() as connection:
            return unmarked_tables(self.project.manifest, connection, declared_models(self.project))


def releasing_executor(project: Project) -> dg.ExecutorDefinition:
    """Wrap Dagster's in-process executor for ``project``."""
    inner = dg.in_process_executor
    make_inner = inner.executor_creation_fn
    if make_inner is None:
        raise TypeError("Dagster's in-process executor cannot be made")
    return dg.ExecutorDefinition(
        name="releasing",
        config_schema=inner.config_schema.as_field(),
        executor_creation_fn=lambda init: ReleasingExecutor(make_inner(init), project),
    )


@contextlib.contextmanager
def _ended(candidate: Candidate, recorder: Recorder) -> Iterator[None]:
    """Put the candidate into quarantine when the block raises, and tell the ledger why."""
    recorder.started()
    try:
        yield
    except INTERRUPTED:
        with contextlib.suppress(PipelineError):
            recorder.cancelled()
        candidate.discard()
        raise
    except BaseException as error:
        _set_aside(candidate, recorder, error)
        raise


def _set_aside(candidate: Candidate, recorder: Recorder, error: BaseException) -> None:
    """Put the candidate into quarantine; on a disk that refuses even that, let it go."""
    with contextlib.suppress(PipelineError):
        recorder.failed(error)
    try:
        told = [str(error) or type(error).__name__]
        reasons = error.reasons if isinstance(error, Unpublished) else told
        recorder.quarantined(candidate.quarantine(reasons, datetime.now(UTC)))
    except PipelineError:
        candidate.discard()


def _facts(project: Project, candidate: Candidate, audit: Audit) -> dict[str, Any]:
    """Write the manifest beside the candidate; return what the release says of its making."""
    parent, before = candidate.parent, None
    if parent and parent.manifest.is_file():
        before = json.loads(parent.manifest.read_text(encoding="utf-8"))
    built = built_nodes(candidate.folder) | {
        unique_id
        for unique_id, node in project.manifest.raw["exposures"].items()
        if f"ml.{node['name']}" in audit.built
    }
    state = as_built(project.manifest.raw, before, built)
    (candidate.folder / MANIFEST).write_text(json.dumps(state), encoding="utf-8")
    with project.warehouse.connect() as connection:
        versions = registry.versions(connection)
    champions = {each.model: each.version for each in versions if each.status == "champion"}
    return {"code_version": code_version(project.folder), "models": champions}


def _refuse_resuming(run: Any) -> None:
    """Raise for a run that repeats a part of a failed one: what that had built is not there."""
    if run.tags.get(RESUMED):
        raise PipelineError(
            "a failed run cannot be resumed: its tables are in quarantine, not in the release that "
            "a new run starts from",
            fix="launch the whole run again, or type: goldloop run",
        )
