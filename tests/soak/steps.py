"""A process that kills itself at its n-th step in the code of the warehouse."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dataops.disk
import dataops.ledger
import dataops.warehouse

HERE = (
    str(Path(dataops.warehouse.__file__).parent),
    str(dataops.ledger.__file__),
    str(dataops.disk.__file__),
)
# Within the ledger's file only what touches the disk counts, not the making of a line.
PURE = {"_clean", "_scalar", "__post_init__", "to_line", "parse", "events", "_lines", "<genexpr>"}
CALLS = {
    "rename", "replace", "symlink", "unlink", "fsync", "write", "mkdir", "rmdir", "chmod",
    "ftruncate", "truncate", "flock", "ioctl", "open", "close", "flush", "connect", "execute",
}  # fmt: skip


@dataclass
class Steps:
    """Counts steps; at step ``last`` the process is killed, before or after the call."""

    last: int | None = None
    count: int = 0

    def __call__(self, frame: Any, event: str, argument: Any) -> None:
        if self._counts(frame, event, argument):
            self.count += 1
            if self.count == self.last:
                os.kill(os.getpid(), signal.SIGKILL)

    def _counts(self, frame: Any, event: str, argument: Any) -> bool:
        if event.startswith("c_"):
            return getattr(argument, "__name__", "") in CALLS
        code = frame.f_code
        return code.co_filename.startswith(HERE) and code.co_name not in PURE


@contextlib.contextmanager
def counted(last: int | None) -> Iterator[Steps]:
    """Count the steps of the block, in all threads it starts."""
    steps = Steps(last)
    threading.setprofile(steps)
    sys.setprofile(steps)
    try:
        yield steps
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
