import mmap
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from dataops.meter import Usage, metered

MIB = 1 << 20


def hold(mebibytes: int) -> None:
    """Have so much more memory resident for a moment.

    Pages fresh from the kernel: what the allocator kept of earlier tests would not add to the peak.
    """
    with mmap.mmap(-1, mebibytes * MIB) as held:
        for page in range(0, len(held), mmap.PAGESIZE):
            held[page] = 1


def child(code: str) -> None:
    subprocess.run([sys.executable, "-S", "-c", code], check=True)


def test_the_peak_is_that_of_the_block_and_not_of_one_before_it() -> None:
    with metered() as bare:
        pass
    with metered() as large:
        hold(150)
    with metered() as small:
        hold(20)
    assert 145 * MIB < large.peak_memory_bytes - bare.peak_memory_bytes < 170 * MIB
    assert small.peak_memory_bytes - bare.peak_memory_bytes < 45 * MIB


def test_a_block_knows_the_peak_of_the_blocks_in_it_and_what_was_before_them() -> None:
    with metered() as outer:
        hold(120)
        with metered() as first:
            hold(20)
        with metered() as second:
            pass
    assert outer.peak_memory_bytes - second.peak_memory_bytes > 80 * MIB
    assert first.peak_memory_bytes < outer.peak_memory_bytes - 60 * MIB
    with metered() as outer, metered() as inner:
        hold(90)
    assert outer.peak_memory_bytes >= inner.peak_memory_bytes


def test_processor_time_is_counted_and_waiting_is_not() -> None:
    with metered() as idle:
        time.sleep(0.1)
    with metered() as busy:
        began = time.process_time()
        while time.process_time() - began < 0.15:
            pass
    assert idle.wall_seconds >= 0.1
    assert idle.cpu_seconds < 0.05
    assert busy.cpu_seconds == pytest.approx(0.15, abs=0.05)


def test_a_child_that_has_ended_counts() -> None:
    spin = "import time\nwhile time.process_time() < 0.2: pass"
    with metered() as usage:
        child(spin)
    assert usage.cpu_seconds >= 0.2
    with metered() as large:
        child("held = bytearray(400 << 20); held[::4096] = b'x' * (100 << 10)")
    assert large.peak_memory_bytes > 400 * MIB


def test_a_block_that_fails_is_measured_too() -> None:
    with ExitStack() as stack:
        usage = stack.enter_context(metered())
        stack.enter_context(pytest.raises(ZeroDivisionError))
        hold(100)
        _ = 1 / 0
    assert usage != Usage()
    with metered() as after:
        pass
    assert after.peak_memory_bytes < usage.peak_memory_bytes - 50 * MIB
