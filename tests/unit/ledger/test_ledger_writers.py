"""Several processes at one ledger, and processes that are killed in the middle of it."""

import fcntl
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dataops.ledger import Event, Ledger
from ml.errors import PipelineError

FORK = multiprocessing.get_context("fork")
NOW = datetime(2025, 3, 1, tzinfo=UTC)
WRITERS, CALLS = 6, 40


def write(folder: Path, writer: int) -> None:
    """Append events of very different lengths, in calls of one to three."""
    for call in range(CALLS):
        message = "x" * (writer * call * 37 % 9000)
        run = f"{writer}-{call}"
        Ledger(folder).append(
            *(Event("asset", "succeeded", run=run, rows=at, message=message) for at in range(3)),
            now=NOW,
        )


def test_writers_at_once_leave_whole_lines_and_lose_none(tmp_path: Path) -> None:
    writers = [FORK.Process(target=write, args=(tmp_path, at)) for at in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = [(event.run, event.rows) for event in Ledger(tmp_path).events()]
    expected = [
        (f"{at}-{call}", n) for at in range(WRITERS) for call in range(CALLS) for n in range(3)
    ]
    assert Counter(found) == Counter(expected)
    assert Ledger(tmp_path).torn() == []
    # The events of one call stand together.
    assert [n for _, n in found] == [0, 1, 2] * (WRITERS * CALLS)


def write_for_ever(folder: Path, acknowledged: int) -> None:
    call = 0
    while True:
        Ledger(folder).append(Event("run", "started", run=str(call), message="y" * 15_000), now=NOW)
        os.write(acknowledged, call.to_bytes(4))
        call += 1


def test_a_writer_that_is_killed_costs_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    for attempt in range(12):
        folder = tmp_path / str(attempt)
        reading, writing = os.pipe()
        writer = FORK.Process(target=write_for_ever, args=(folder, writing))
        writer.start()
        os.close(writing)
        first = os.read(reading, 4)
        time.sleep(0.0007 * attempt)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
        acknowledged = [first, *iter(lambda r=reading: os.read(r, 4), b"")]
        os.close(reading)
        Ledger(folder).append(Event("run", "died", run="after"), now=NOW)
        runs = [event.run for event in Ledger(folder).events()]
        assert runs[: len(acknowledged)] == [str(at) for at in range(len(acknowledged))]
        assert runs[-1] == "after"
        assert len(runs) - len(acknowledged) in (1, 2)
        assert len(Ledger(folder).torn()) <= 1


def test_a_writer_waits_for_the_one_at_work(tmp_path: Path) -> None:
    event = Event("run", "started", run="second")
    Ledger(tmp_path).append(event, now=NOW)
    with (tmp_path / "2025-03.jsonl").open("ab") as at_work:
        fcntl.flock(at_work, fcntl.LOCK_EX)
        # A thread: a forked process would hold the lock with us.
        writer = threading.Thread(
            target=Ledger(tmp_path).append, args=(event,), kwargs={"now": NOW}, daemon=True
        )
        writer.start()
        writer.join(0.3)
        assert writer.is_alive()
        assert list(Ledger(tmp_path).events()) == [event]
    writer.join(30)
    assert list(Ledger(tmp_path).events()) == [event, event]


def write_in_traffic(folder: Path, writer: int) -> None:
    """Every other call is that of a process killed half way through its line."""
    file = folder / "2025-03.jsonl"
    for call in range(CALLS):
        event = Event("asset", "succeeded", run=f"{writer}-{call}")
        Ledger(folder).append(event, now=NOW)
        with file.open("ab", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.write(b'{"v":1,"kind":"asset","outcome":"succ')


def test_torn_lines_in_the_middle_of_traffic_cost_no_other(tmp_path: Path) -> None:
    writers = [FORK.Process(target=write_in_traffic, args=(tmp_path, at)) for at in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    runs = Counter(event.run for event in Ledger(tmp_path).events())
    assert runs == {f"{at}-{call}": 1 for at in range(3) for call in range(CALLS)}


def write_beyond(folder: Path, told: int) -> None:
    """Meet the end of the disk: the kernel takes part of the line, then nothing."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
    ledger = Ledger(folder)
    ledger.append(Event("run", "started", run="fits"), now=NOW)
    try:
        ledger.append(Event("run", "failed", run="beyond", message="z" * 3000), now=NOW)
    except PipelineError as error:
        os.write(told, error.problem.encode())
    ledger.append(Event("run", "died", run="fits again"), now=NOW)


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="no limit on the size of files")
def test_a_disk_that_takes_half_a_line_keeps_nothing_of_it(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    writer = FORK.Process(target=write_beyond, args=(tmp_path, writing))
    writer.start()
    os.close(writing)
    writer.join()
    assert "2025-03.jsonl cannot be written: File too large" in os.read(reading, 4000).decode()
    assert [event.run for event in Ledger(tmp_path).events()] == ["fits", "fits again"]
    assert Ledger(tmp_path).torn() == []
