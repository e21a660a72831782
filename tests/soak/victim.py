"""What a process does to a warehouse before it is killed."""

import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from dataops.warehouse import Candidate, Limits, Warehouse
from tests.soak import content
from tests.soak.steps import counted

LIMITS = Limits(releases=3, quarantined=2)


def begin(warehouse: Warehouse, run: str, wait: float = 0.0) -> Candidate:
    """Open a run and write everything anew."""
    candidate = warehouse.open(run, wait)
    content.write(candidate.file, run)
    return candidate


def publish(warehouse: Warehouse, run: str) -> Callable[[], object]:
    candidate = begin(warehouse, run)
    return lambda: candidate.publish({"code_version": "soak"}, datetime.now(UTC))


def quarantine(warehouse: Warehouse, run: str) -> Callable[[], object]:
    candidate = begin(warehouse, run)
    return lambda: candidate.quarantine(["it failed its audit"], datetime.now(UTC))


def discard(warehouse: Warehouse, run: str) -> Callable[[], object]:
    return begin(warehouse, run).discard


def open_after_death(warehouse: Warehouse, run: str) -> Callable[[], object]:
    begin(warehouse, f"{run}-dead").lock.close()
    return lambda: begin(warehouse, run)


def rollback(warehouse: Warehouse, run: str) -> Callable[[], object]:
    return warehouse.rollback


def prune(warehouse: Warehouse, run: str) -> Callable[[], object]:
    return lambda: warehouse.prune(last=1)


def keep(warehouse: Warehouse, run: str) -> Callable[[], object]:
    release = warehouse.current_release()
    return lambda: warehouse.keep(release.id, run) if release else None


def unkeep(warehouse: Warehouse, run: str) -> Callable[[], object]:
    kept = next((each for each in warehouse.releases() if each.kept), None)
    return lambda: warehouse.unkeep(kept.id) if kept else None


# Each is called to prepare, and what it returns is what the steps are counted of.
ACTIONS = {
    each.__name__: each
    for each in (publish, rollback, prune, quarantine, discard, open_after_death, keep, unkeep)
}


def act(root: Path, action: str, run: str, last: int | None, told: Connection) -> None:
    """Do ``action``, be killed at step ``last`` of it, or tell how many steps there were."""
    do = ACTIONS[action](Warehouse(root, LIMITS), run)
    told.send("ready")
    with counted(last) as steps:
        do()
    told.send(steps.count)


def start(root: Path, action: str, run: str, last: int | None) -> tuple[BaseProcess, Connection]:
    """Start a process that does ``action``, forked from one that has all imports behind it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.soak.victim"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=act, args=(root, action, run, last, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours
