"""What a piece of work costs: time on the clock, time on the processors, memory at its peak."""

import contextlib
import resource
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


@dataclass
class Usage:
    """The cost of a block; zero until the block has ended.

    ``cpu_seconds`` counts this process, all of its threads, and the children that ended in the
    block. ``peak_memory_bytes`` is resident memory of the largest of these processes; a child
    counts where it was larger than any child before it. Other threads at work count too.
    """

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0


# The kernel keeps one high-water mark a process: a block inside another tells the outer what it
# has taken off it.
_outer: ContextVar[Usage | None] = ContextVar("outer", default=None)


@contextlib.contextmanager
def metered() -> Iterator[Usage]:
    """Measure a block; blocks may stand inside one another. Where it fails, it is measured too.

    Where the kernel does not reset its high-water mark (anywhere but Linux), the peak is that of
    the process since it began.
    """
    usage, outer = Usage(), _outer.get()
    if outer:
        outer.peak_memory_bytes = max(outer.peak_memory_bytes, _peak())
    _outer.set(usage)
    _reset_peak()
    began, cpu, children = time.perf_counter(), _cpu_seconds(), _largest_child()
    try:
        yield usage
    finally:
        usage.wall_seconds = time.perf_counter() - began
        usage.cpu_seconds = _cpu_seconds() - cpu
        grown = _largest_child()
        child = grown if grown > children else 0
        usage.peak_memory_bytes = max(usage.peak_memory_bytes, _peak(), child)
        if outer:
            outer.peak_memory_bytes = max(outer.peak_memory_bytes, usage.peak_memory_bytes)
        # Not a token's reset: a generator may be resumed in another context.
        _outer.set(outer)


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _largest_child() -> int:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def _reset_peak() -> None:
    with contextlib.suppress(OSError):
        _RESET.write_text("5")


def _peak() -> int:
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
