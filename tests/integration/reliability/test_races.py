"""Two processes at once, in the order that hurts."""

import fcntl
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dataops.disk import remove
from dataops.warehouse import Limits, Release, Warehouse
from dataops.warehouse.lock import take
from tests.soak import content


def publish(warehouse: Warehouse, run: str) -> Release:
    candidate = warehouse.open(run)
    content.write(candidate.file, run, rows=10)
    return candidate.publish({}, datetime.now(UTC))


def test_who_only_looks_at_a_lock_does_not_keep_a_run_from_taking_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    glance = path.open("w")
    fcntl.flock(glance, fcntl.LOCK_SH)
    timer = threading.Timer(0.05, glance.close)
    timer.start()
    take(path, "run one", wait=0).close()
    timer.join()


def test_a_folder_is_removed_while_another_process_empties_the_trash(tmp_path: Path) -> None:
    trash, done = tmp_path / "trash", threading.Event()

    def empty() -> None:
        while not done.is_set():
            shutil.rmtree(trash, ignore_errors=True)

    thread = threading.Thread(target=empty)
    thread.start()
    try:
        for number in range(300):
            folder = tmp_path / f"release-{number}"
            folder.mkdir()
            remove(folder, trash)
            assert not folder.exists()
    finally:
        done.set()
        thread.join()


def test_a_reader_whose_release_is_taken_away_reads_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(tmp_path)
    publish(warehouse, "run-one")
    found, first = Warehouse.current_release, True

    def overtaken(self: Warehouse) -> Release | None:
        nonlocal first
        release = found(self)
        if first:
            first = False
            publish(warehouse, "run-two")
            warehouse.prune(last=1)
        return release

    monkeypatch.setattr(Warehouse, "current_release", overtaken)
    reader = warehouse.read()
    monkeypatch.undo()
    with reader:
        assert content.read(reader) == "run-two"
    assert len(warehouse.releases()) == 1


def test_a_publication_leaves_the_release_that_a_rollback_goes_to(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path, Limits(releases=2))
    first = publish(warehouse, "run-1")
    publish(warehouse, "run-2")
    warehouse.rollback()
    publish(warehouse, "run-3")
    assert warehouse.rollback().id == first.id


def test_a_release_whose_removal_was_interrupted_is_told_to_be_pruned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(tmp_path)
    first = publish(warehouse, "run-one")
    publish(warehouse, "run-two")

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("dataops.warehouse.retention.tell", killed)
    with pytest.raises(Killed):
        warehouse.prune(last=1)
    monkeypatch.undo()
    warehouse.open("run-three").discard()
    told = [(e.outcome, e.release) for e in warehouse.ledger.events(kind="release")]
    assert told.count(("pruned", first.id)) == 1
