"""What is wrong with a warehouse folder, found by looking, each with what to do about it."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from dataops.disk import SPARE_BYTES, checksum
from dataops.warehouse import FILE, Release, Warehouse
from dataops.warehouse.journal import JOURNAL
from dataops.warehouse.journal import read as read_journal
from dataops.warehouse.lock import is_folder_held
from dataops.warehouse.release import CLOCK_TOLERANCE
from ml.errors import PipelineError

PROBE = ".probe"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: where, what, and what to type next.

    ``heals`` says that the next run puts it right by itself.
    """

    where: str
    problem: str
    fix: str
    heals: bool = False


def examine(warehouse: Warehouse, now: datetime, deep: bool = False) -> list[Finding]:
    """Look at everything in the folder; ``deep`` also compares each release with its checksum."""
    if not warehouse.root.is_dir():
        return []
    return [
        *_folder(warehouse),
        *_current(warehouse),
        *_releases(warehouse, deep),
        *_clock(warehouse, now),
        *_leftovers(warehouse),
        *_quarantine(warehouse),
        *_ledger(warehouse),
    ]


def _folder(warehouse: Warehouse) -> Iterator[Finding]:
    root = warehouse.root
    probe = root / PROBE
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        problem = f"nothing can be written: {error.strerror}"
        yield Finding(str(root), problem, f"chmod u+w {root}, or remount it")
    current = next((each for each in warehouse.releases() if each.id == warehouse.release), None)
    needed = (current.bytes if current else 0) + SPARE_BYTES
    free = shutil.disk_usage(root).free
    if free < needed:
        yield Finding(
            str(root),
            f"{free:,} bytes are free, a run needs {needed:,}",
            "goldloop releases prune --last 3, or free space elsewhere",
        )


def _current(warehouse: Warehouse) -> Iterator[Finding]:
    link = warehouse.root / "current"
    if link.exists() and not link.is_symlink():
        problem = "it is no symbolic link to a release"
        yield Finding(str(link), problem, f"move {link} away, then: goldloop doctor")
        return
    try:
        warehouse.current_release()
    except PipelineError as error:
        yield Finding(str(link), error.problem, error.fix)


def _releases(warehouse: Warehouse, deep: bool) -> Iterator[Finding]:
    folder = warehouse.root / "releases"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            release = Release.read(path)
        except PipelineError as error:
            yield Finding(str(path), error.problem, _removal(warehouse, path))
            continue
        if problem := release.fault() or _state(release) or (_altered(release) if deep else None):
            yield Finding(str(path), problem, _removal(warehouse, path))


def _removal(warehouse: Warehouse, path: Path) -> str:
    """Say how to be rid of a release that nobody can read."""
    if path.name != warehouse.release:
        return f"rm -r {path}"
    for other in warehouse.releases():
        if other.id != path.name and not other.fault():
            return f"goldloop rollback --to {other.id}, then: rm -r {path}"
    link = warehouse.root / "current"
    return f"move {path} and {link} away, then: goldloop run"


def _state(release: Release) -> str | None:
    """Say what is wrong with the dbt state beside the file, if there is one."""
    if not release.manifest.is_file():
        return None
    try:
        json.loads(release.manifest.read_text(encoding="utf-8"))
    except ValueError as error:
        return f"{release.manifest.name} is not JSON: {error}"
    return None


def _altered(release: Release) -> str | None:
    found = checksum(release.file)
    if found != release.blake3:
        return f"{FILE} has blake3 {found}, it was published with {release.blake3}"
    return None


def _clock(warehouse: Warehouse, now: datetime) -> Iterator[Finding]:
    newest = max((each.time for each in warehouse.releases()), default=None)
    if newest and now < newest - CLOCK_TOLERANCE:
        last = max(warehouse.releases(), key=lambda each: each.time)
        yield Finding(
            "clock",
            f"it says {now:%Y-%m-%d %H:%M:%S} UTC, a release was published at "
            f"{newest:%Y-%m-%d %H:%M:%S} UTC",
            "set the clock of this machine; if it was ahead then and is right now: "
            f"goldloop rollback, then: rm -r {last.folder}",
        )


def _leftovers(warehouse: Warehouse) -> Iterator[Finding]:
    if warehouse.holder:
        return  # they belong to the run that is open
    root = warehouse.root
    for path in sorted((root / "candidates").glob("*")):
        if is_folder_held(path):
            problem = "its run is at work, though the file of its lock is gone"
            yield Finding(str(path), problem, "wait for the run to end", heals=True)
            continue
        state = _unreadable(path / FILE)
        problem = "left by a run whose process died" + (f"; {state}" if state else "")
        yield Finding(str(path), problem, "goldloop run clears it", heals=True)
    try:
        read_journal(root)
    except PipelineError as error:
        yield Finding(str(root / JOURNAL), error.problem, error.fix)
        return
    for name, problem in {
        JOURNAL: "a publication or rollback was interrupted",
        "trash": "a removal was interrupted",
    }.items():
        if (root / name).exists():
            yield Finding(str(root / name), problem, "goldloop run finishes it", heals=True)


def _quarantine(warehouse: Warehouse) -> Iterator[Finding]:
    for kept in warehouse.quarantined():
        if kept.file.is_file() and (problem := _unreadable(kept.file)):
            yield Finding(str(kept.folder), problem, f"rm -r {kept.folder}")

    readable = {kept.folder for kept in warehouse.quarantined()}
    for path in sorted((warehouse.root / "quarantine").glob("*")):
        if path not in readable:
            yield Finding(str(path), "it has no readable quarantine.json", f"rm -r {path}")


def _ledger(warehouse: Warehouse) -> Iterator[Finding]:
    for path, number in warehouse.ledger.torn():
        yield Finding(
            str(path),
            f"line {number} is torn: its writer was killed; no other line is touched",
            f"nothing, or remove line {number} of {path}",
            heals=True,
        )


def _unreadable(path: Path) -> str | None:
    if not path.is_file():
        return f"{path.name} is missing"
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        return f"{path.name} cannot be opened: {str(error).splitlines()[0]}"
    return None
