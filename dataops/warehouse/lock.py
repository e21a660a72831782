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
# Who only looks whether a lock is held takes it for a moment.
GLANCE_SECONDS = 0.2
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
    began = time.monotonic()
    while not _try(handle):
        waited = time.monotonic() - began
        told = f"{path.parent} is in use by {_written(handle) or 'another process'}"
        if waited >= max(wait, GLANCE_SECONDS):
            handle.close()
            raise PipelineError(told, fix="wait for it to end, then run again")
        if waiting and waited >= GLANCE_SECONDS:
            waiting(f"waiting: {told}")
        time.sleep(POLL_SECONDS if waited >= GLANCE_SECONDS else GLANCE_SECONDS / 20)
    since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    # A full disk takes no name; the lock holds without one.
    with contextlib.suppress(OSError):
        handle.truncate(0)
        os.write(handle.fileno(), f"{holder} (process {os.getpid()}, since {since})".encode())
    return handle


@contextlib.contextmanager
def held(path: Path, holder: str, wait: float = SWAP_SECONDS) -> Iterator[None]:
    """Hold the lock ``path`` within the block."""
    handle = take(path, holder, wait)
    try:
        yield
    finally:
        handle.close()


def hold_folder(folder: Path) -> contextlib.ExitStack:
    """Lock ``folder`` itself: it shows that its run lives, whatever becomes of the lock's file."""
    held = contextlib.ExitStack()
    descriptor = os.open(folder, os.O_RDONLY)
    held.callback(os.close, descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return held


def is_folder_held(folder: Path) -> bool:
    """Say whether a living process has locked ``folder``."""
    with contextlib.ExitStack() as opened:
        descriptor = os.open(folder, os.O_RDONLY)
        opened.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


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
