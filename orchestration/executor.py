"""The executor of every run: it opens a candidate first and publishes it last, or not at all."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster import DagsterEvent, DagsterEventType
from dagster._core.events import EngineEventData

from dataops.warehouse import Candidate
from ml.errors import PipelineError
from orchestration.project import Project
from orchestration.versions import code_version

RUNNING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


class ReleasingExecutor(dg.Executor):
    """Runs the steps of ``inner`` between opening a candidate and publishing it.

    A run of whatever kind (the whole job, a few assets picked in the UI) is one release or none.
    """

    def __init__(self, inner: dg.Executor, project: Project) -> None:
        self.inner = inner
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
        run_id = plan_context.run_id
        candidate = self.project.warehouse.open(run_id)
        published = False
        try:
            _fail_dead_runs(plan_context.instance, run_id)
            yield from self.inner.execute(plan_context, execution_plan)
            reasons = blocking_reasons(plan_context.instance, run_id)
            if reasons:
                raise PipelineError(
                    "nothing was published, readers keep the release they have:\n"
                    + "\n".join(reasons),
                    fix="correct it, then: goldloop run",
                )
            release = self._publish(candidate)
            published = True
            told = EngineEventData(metadata={"release": dg.MetadataValue.text(release)})
            yield DagsterEvent.engine_event(plan_context, f"Published release {release}", told)
        finally:
            if not published:
                candidate.discard()

    def _publish(self, candidate: Candidate) -> str:
        facts = {"code_version": code_version(self.project.folder)}
        return candidate.publish(facts, datetime.now(UTC))


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


def blocking_reasons(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """List why a run may not be published: what failed, and what was planned and did not happen."""
    events = [
        record.event_log_entry.dagster_event
        for record in _records(instance, run_id)
        if record.event_log_entry.dagster_event
    ]
    failed = [*_failed_steps(events), *_failed_checks(events)]
    # What a failure has kept from happening is no news beside the failure.
    return failed or _missing(events)


def _records(instance: dg.DagsterInstance, run_id: str) -> Iterator[Any]:
    cursor, more = None, True
    while more:
        page = instance.get_records_for_run(run_id, cursor=cursor, limit=2000)
        yield from page.records
        cursor, more = page.cursor, page.has_more


def _failed_steps(events: list[DagsterEvent]) -> list[str]:
    return [f"step {event.step_key} failed" for event in events if event.is_step_failure]


def _failed_checks(events: list[DagsterEvent]) -> list[str]:
    found = []
    for event in events:
        if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
            check = event.asset_check_evaluation_data
            if not check.passed and check.severity == dg.AssetCheckSeverity.ERROR:
                name = f"{check.asset_key.to_user_string()}: {check.check_name}"
                found.append(f"check failed: {name} {check.description or ''}".rstrip())
    return found


def _missing(events: list[DagsterEvent]) -> list[str]:
    planned: dict[Any, str] = {}
    happened: set[Any] = set()
    for event in events:
        data: Any = event.event_specific_data
        match event.event_type:
            case DagsterEventType.ASSET_MATERIALIZATION_PLANNED:
                planned[data.asset_key] = f"asset {data.asset_key.to_user_string()} was not built"
            case DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
                key = (data.asset_key, data.check_name)
                planned[key] = f"check {data.check_name} did not run"
            case DagsterEventType.ASSET_MATERIALIZATION:
                happened.add(event.asset_key)
            case DagsterEventType.ASSET_CHECK_EVALUATION:
                happened.add((data.asset_key, data.check_name))
    return [reason for key, reason in planned.items() if key not in happened]


def _fail_dead_runs(instance: dg.DagsterInstance, run_id: str) -> None:
    """Report runs that were killed as failed: whoever holds the lock is the only one running."""
    for run in instance.get_runs(dg.RunsFilter(statuses=RUNNING)):
        if run.run_id != run_id:
            instance.report_run_failed(run, "the process of this run has died")
