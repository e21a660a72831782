"""Readers that poll while runs publish, fail, are pruned and taken back."""

import contextlib
import multiprocessing
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb

from dataops.doctor import examine
from dataops.warehouse import FILE, Limits, Release, Warehouse
from ml.errors import GoldloopError, PipelineError
from tests.soak import content, inspection, victim
from tests.soak.result import Result

READERS = 8
ROWS = 300
LIMITS = Limits(releases=2, quarantined=2)


def readers(folder: Path, tries: int) -> Result:
    """Publish ``tries`` times, a third failing its audit, with eight processes that read."""
    result, root = Result("readers"), folder / "readers"
    warehouse, draw = Warehouse(root, LIMITS), random.Random(11)
    published = [_publish(warehouse, f"{0:08d}")]
    stop, polling = _start(_read, [(root, folder / f"reads-{n}.txt", n) for n in range(READERS)])
    pointed: list[str] = []
    for number in range(1, tries + 1):
        problems = []
        if number % 3 == 0:
            candidate = warehouse.open(f"{number:08d}")
            content.write(candidate.file, "a failed run", ROWS)
            candidate.quarantine(["it failed its audit"], datetime.now(UTC))
        else:
            published.append(_publish(warehouse, f"{number:08d}"))
        if draw.random() < 0.03:
            pointed.append(warehouse.rollback().id)
        if warehouse.release not in (published[-1].id, *pointed[-1:]):
            problems.append(f"current is {warehouse.release}")
        result.add(f"publication {number}", problems)
    _stop(stop, polling)
    runs = {release.run for release in published}
    lines = [line for n in range(READERS) for line in _lines(folder / f"reads-{n}.txt")]
    for line in lines:
        result.add("read", [] if line in runs else [line])
    ids = [release.id for release in published]
    faults = inspection.faults_of_ledger(warehouse, ids, pointed)
    result.add("the folder after all", faults + inspection.faults_at_rest(warehouse))
    return result


def rivals(folder: Path, tries: int) -> Result:
    """Have three processes run at once, with others that roll back, prune and look on."""
    result, root = Result("rivals"), folder / "rivals"
    warehouse = Warehouse(root, LIMITS)
    _publish(warehouse, "first")
    each = max(1, tries // 3)
    writers = [(root, folder / f"runs-{n}.txt", n, each) for n in range(3)]
    stop, meddling = _start(_meddle, [(root, folder / f"meddled-{n}.txt", n) for n in range(2)])
    looking, watching = _start(_look, [(root, folder / "looked.txt", 0)])
    _, working = _start(_write, writers)
    for process in working:
        process.join()
    _stop(stop, meddling)
    _stop(looking, watching)
    for path in sorted(folder.glob("*.txt")):
        for line in _lines(path):
            result.add(path.stem, [] if line == "done" else [line])
    events = list(warehouse.ledger.events(kind="release"))
    ids = [str(event.release) for event in events if event.outcome == "published"]
    pointed = [str(event.release) for event in events if event.outcome == "rolled_back"]
    _publish(warehouse, "last")
    ids.append(str(warehouse.release))
    faults = inspection.faults_of_ledger(warehouse, ids, pointed)
    result.add("the folder after all", faults + inspection.faults_at_rest(warehouse))
    return result


def _publish(warehouse: Warehouse, run: str) -> Release:
    candidate = warehouse.open(run, 60)
    content.write(candidate.file, run, ROWS)
    return candidate.publish({}, datetime.now(UTC))


def _read(root: Path, told: Path, number: int, stop: Event) -> None:
    """Read all there is, half of the readers as any DuckDB client does."""
    warehouse = Warehouse(root)
    with told.open("w") as lines:
        while not stop.wait(0.05):
            before = warehouse.release
            try:
                if number % 2:
                    run = content.read_file(root / "current" / FILE)
                else:
                    with warehouse.read() as connection:
                        run = content.read(connection)
            except (GoldloopError, duckdb.Error, ValueError, OSError) as error:
                lines.write(f"{type(error).__name__}: {error}".replace("\n", " ") + "\n")
                continue
            if before == warehouse.release and not str(before).endswith(run[:8]):
                run = f"read {run} while {before} was current"
            lines.write(f"{run}\n")


def _write(root: Path, told: Path, number: int, tries: int, stop: Event) -> None:
    warehouse, draw = Warehouse(root, LIMITS), random.Random(number)
    with told.open("w") as lines:
        for each in range(tries):
            problem = "done"
            run = f"{number}-{each:06d}"
            try:
                candidate = warehouse.open(run, wait=600)
            except PipelineError as error:
                lines.write(f"{error}".replace("\n", " ") + "\n")
                continue
            content.write(candidate.file, run, ROWS)
            try:
                if draw.random() < 0.3:
                    candidate.quarantine(["it failed its audit"], datetime.now(UTC))
                else:
                    candidate.publish({}, datetime.now(UTC))
            except PipelineError as error:
                # A rollback came between: the only reason not to publish.
                if "would undo what happened since" not in str(error):
                    problem = str(error).replace("\n", " ")
                candidate.discard()
            lines.write(f"{problem}\n")


def _meddle(root: Path, told: Path, number: int, stop: Event) -> None:
    warehouse, draw = Warehouse(root, LIMITS), random.Random(number)
    with told.open("w") as lines:
        while not stop.wait(draw.uniform(0, 0.3)):
            problem = "done"
            try:
                if draw.random() < 0.3:
                    warehouse.rollback()
                else:
                    warehouse.prune(last=1)
            except GoldloopError as error:
                if "no release before" not in str(error):
                    problem = str(error).replace("\n", " ")
            lines.write(f"{problem}\n")


def _look(root: Path, told: Path, number: int, stop: Event) -> None:
    """Ask who holds the locks, and the doctor, as `goldloop status` and `doctor` do."""
    warehouse = Warehouse(root, LIMITS)
    with told.open("w") as lines:
        while not stop.wait(0.05):
            problem = "done"
            try:
                _ = warehouse.holder
                examine(warehouse, datetime.now(UTC))
                with warehouse.read() as connection:
                    content.read(connection)
            except (GoldloopError, OSError, ValueError, duckdb.Error) as error:
                problem = f"{type(error).__name__}: {error}".replace("\n", " ")
            lines.write(f"{problem}\n")


def _start(
    target: object, arguments: Sequence[tuple[object, ...]]
) -> tuple[Event, list[BaseProcess]]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([victim.__name__])
    stop = context.Event()
    processes: list[BaseProcess] = []
    for each in arguments:
        process = context.Process(target=target, args=(*each, stop), daemon=True)  # type: ignore[arg-type]
        process.start()
        processes.append(process)
    return stop, processes


def _stop(stop: Event, processes: list[BaseProcess]) -> None:
    stop.set()
    for process in processes:
        process.join()


def _lines(path: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().splitlines()
    return [f"{path.name} is missing"]
