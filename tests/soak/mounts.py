"""File systems that are small or read-only; only root may mount them."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dataops.disk import SPARE_BYTES

DISK_BYTES = SPARE_BYTES + 24_000_000


class Skipped(Exception):
    """This machine does not allow what the case needs."""


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small file system at ``folder``; raise Skipped where only root may."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "soak", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def read_only_view(of: Path, at: Path) -> Iterator[Path]:
    """Show folder ``of`` at ``at``, where nothing can be written, not even by root."""
    at.mkdir(parents=True, exist_ok=True)
    _mount("--bind", str(of), str(at))
    try:
        _mount("-o", "remount,ro,bind", str(at))
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(disk: Path, left: int) -> None:
    """Fill ``disk`` up to the last ``left`` bytes; removing its ``filler`` empties it again."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as handle:
        while handle.write(bytes(65_536)):
            pass
    os.truncate(filler, max(0, filler.stat().st_size - left))


def _mount(*arguments: str) -> None:
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Skipped("there is no mount command") from error
    if done.returncode:
        raise Skipped(f"only root may mount here: {done.stderr.strip()}")
