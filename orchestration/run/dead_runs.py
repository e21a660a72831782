"""Runs whose process has died without a word: Dagster would count them as started for ever."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from dataops.warehouse.lock import held, holder_of

RUNNING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
ALIVE = "alive"
STARTING_SECONDS = 60.0


@contextlib.contextmanager
def alive(home: Path, run_id: str) -> Iterator[None]:
    """Show other processes, within the block, that the process of the run lives."""
    folder = home / ALIVE
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder / run_id, f"run {run_id}", wait=0):
        try:
            yield
        finally:
            (folder / run_id).unlink(missing_ok=True)


def fail_dead_runs(home: Path, instance: dg.DagsterInstance, run_id: str) -> None:
    """Report the runs of this warehouse whose process has died as failed.

    Runs that wait for the one that is open are alive and left alone.
    """
    for record in instance.get_run_records(dg.RunsFilter(statuses=RUNNING)):
        run, mark = record.dagster_run, home / ALIVE / record.dagster_run.run_id
        # Dagster calls a run started a moment before its process comes to say that it lives.
        is_new = time.time() - (record.start_time or 0.0) < STARTING_SECONDS
        if run.run_id != run_id and not is_new and holder_of(mark) is None:
            instance.report_run_failed(run, "the process of this run has died")
            mark.unlink(missing_ok=True)
