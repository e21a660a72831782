"""Locks between processes: one run at a time, and one change of ``current`` at a time."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from ml.errors import PipelineError

POLL_SECONDS = 0.1
# Changing what `current` points at takes milliseconds; who holds it longer hangs.
SWAP_SECONDS = 30.0


def take(
    path: Path, holder: str, wait: float, waiting: Callable[[str], None] | None = None
) -> IO[str]:
    """Take the lock ``path`` for ``holder``; closing the file lets it go, and so does dying.

    ``wait`` is in seconds; ``waiting`` hears who holds the lock meanwhile. Raises PipelineError
    naming the holder when it is still held after that.
    """
    handle = path.open("a+", encoding="utf-8")
    end = time.monotonic() + wait
    while not _try(handle):
        told = f"{path.parent} is in use by {_written(handle) or 'another process'}"
        if time.monotonic() >= end:
            handle.close()
            raise PipelineError(told, fix="wait for it to end, then run again")
        if waiting:
            waiting(f"waiting: {told}")
        time.sleep(POLL_SECONDS)
    handle.truncate(0)
    since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    handle.write(f"{holder} (process {os.getpid()}, since {since})")
    handle.flush()
    return handle


@contextlib.contextmanager
def held(path: Path, holder: str, wait: float = SWAP_SECONDS) -> Iterator[None]:
    """Hold the lock ``path`` within the block."""
    handle = take(path, holder, wait)
    try:
        yield
    finally:
        handle.close()


def holder_of(path: Path) -> str | None:
    """Return who holds the lock ``path`` now, or None."""
    if not path.is_file():
        return None
    with path.open("r", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _written(handle) or "another process"
    return None


def _try(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _written(handle: IO[str]) -> str:
    handle.seek(0)
    return handle.read().strip()
