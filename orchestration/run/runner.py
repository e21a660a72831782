"""One way to run the job from the command line, seen in the Dagster UI like any other run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster import DagsterEvent, DagsterEventType
from dagster._core.execution.api import execute_run_iterator

from ml.errors import GoldloopError
from orchestration import definitions
from orchestration.run.failures import error_of


@dataclass
class Step:
    """One step of a run as it went: what it made, how many checks it ran, how long it took."""

    name: str
    assets: int = 0
    checks: int = 0
    failed_checks: list[str] = field(default_factory=list)
    seconds: float = 0.0
    outcome: str = "running"


def run_job(
    assets: Sequence[Sequence[str]] | None,
    on_step: Callable[[Step], None],
    ops: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Run the job, or only ``assets`` of it, and return the run's id.

    Raises what the steps that failed have raised, or why the run was not published.
    """
    instance = dg.DagsterInstance.get()
    job = dg.reconstructable(definitions.loop_job)
    keys = frozenset(dg.AssetKey(list(path)) for path in assets) if assets else None
    if keys:
        job = job.get_subset(asset_selection=keys)
    run = instance.create_run_for_job(
        job_def=job.get_definition(),
        run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}, "ops": ops or {}},
        job_code_origin=job.get_python_origin(),
        asset_selection=keys,
        tags=tags,
    )
    failures = list(_failures(execute_run_iterator(job, run, instance), on_step))
    if failures:
        raise _together(failures)
    return str(run.run_id)


def _together(failures: Sequence[GoldloopError]) -> GoldloopError:
    """Return one error that says all of them; wrong use among them decides the exit code."""
    if len(failures) == 1:
        return failures[0]
    worst = max(failures, key=lambda failure: failure.exit_code)
    text = "\n".join(f"- {failure}" for failure in failures)
    return type(worst)(f"{len(failures)} steps failed:\n{text}", fix="then: goldloop run")


def _failures(
    events: Iterator[DagsterEvent], on_step: Callable[[Step], None]
) -> Iterator[GoldloopError]:
    steps: dict[str, Step] = {}
    told = False
    for event in events:
        if event.step_key and event.is_step_event:
            step = steps.setdefault(event.step_key, Step(event.step_key))
            if _follow(step, event):
                on_step(step)
        if event.is_step_failure:
            told = True
            yield error_of(event.step_failure_data.error)
        elif event.event_type == DagsterEventType.RUN_FAILURE and not told:
            yield error_of(event.job_failure_data.error)


def _follow(step: Step, event: DagsterEvent) -> bool:
    """Bring ``step`` up to date; return whether a person would want to see it."""
    match event.event_type:
        case DagsterEventType.STEP_START:
            return True
        case DagsterEventType.ASSET_MATERIALIZATION:
            step.assets += 1
        case DagsterEventType.ASSET_CHECK_EVALUATION:
            step.checks += 1
            check = event.asset_check_evaluation_data
            if not check.passed:
                step.failed_checks.append(check.check_name)
        case DagsterEventType.STEP_SUCCESS:
            step.outcome = "done"
            step.seconds = event.step_success_data.duration_ms / 1000
            return True
        case DagsterEventType.STEP_FAILURE:
            step.outcome = "failed"
            return True
        case DagsterEventType.STEP_SKIPPED:
            step.outcome = "skipped"
            return True
    return False
