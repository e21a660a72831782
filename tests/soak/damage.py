"""Disks that refuse and files that are damaged: each is told, and nothing of it is lost."""

import contextlib
import dataclasses
import os
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb

from dataops.doctor import Finding, examine
from dataops.warehouse import Limits, Warehouse
from ml.errors import GoldloopError, PipelineError
from tests.soak import content, inspection, victim
from tests.soak.mounts import fill, read_only_view, small_disk
from tests.soak.result import Result

LIMITS = Limits(releases=5, quarantined=2)
# What is left free when the disk "fills": from nothing to nearly enough.
LEFT_FREE = (0, 4_096, 16_384, 65_536, 262_144, 1_048_576)


def full_disk(folder: Path, tries: int) -> Result:
    """Fill a real file system before each step of a run, of a rollback and of a removal."""
    result = Result("full_disk")
    steps = {"opening": _open_full, "writing": _write_full, "publishing": _publish_full,
             "taking back": _rollback_full, "pruning": _prune_full}  # fmt: skip
    for number in range(tries):
        name, step = list(steps.items())[number % len(steps)]
        left = LEFT_FREE[number // len(steps) % len(LEFT_FREE)]
        with small_disk(folder / f"disk-{number}") as disk:
            warehouse = _with_two_releases(disk / "warehouse")
            problems = step(warehouse, partial(fill, disk, left))
            (disk / "filler").unlink(missing_ok=True)
            problems += _goes_on(warehouse)
        result.add(f"{name} with {left:,} bytes free", problems)
    return result


def read_only(folder: Path, tries: int) -> Result:
    """Make the folder read-only before each step; readers go on."""
    result = Result("read_only")
    steps: dict[str, Callable[[Warehouse], object]] = {
        "opening": lambda warehouse: warehouse.open("never"),
        "taking back": lambda warehouse: warehouse.rollback(),
        "pruning": lambda warehouse: warehouse.prune(last=1),
        "keeping": lambda warehouse: warehouse.keep(str(warehouse.release), "why"),
    }
    for number in range(tries):
        name, step = list(steps.items())[number % len(steps)]
        warehouse = _with_two_releases(folder / f"read-only-{number}")
        with read_only_view(warehouse.root, folder / f"view-{number}") as view:
            seen = Warehouse(view, LIMITS)
            problems = _refused(partial(step, seen), "Read-only file system")
            problems += inspection.faults_of_current(seen)
            problems += _named(seen, "nothing can be written")
        result.add(name, problems + _goes_on(warehouse))
    return result


def damaged(folder: Path, tries: int) -> Result:
    """Damage the folder in every way there is; what the doctor says to do is done."""
    result = Result("damaged")
    for number in range(tries):
        name, damage = list(DAMAGES.items())[number % len(DAMAGES)]
        warehouse = _with_two_releases(folder / f"damaged-{number}")
        result.attempt(name, partial(_damaged, warehouse, damage))
    return result


def _damaged(warehouse: Warehouse, damage: Callable[[Warehouse], list[str]]) -> list[str]:
    return damage(warehouse) + _goes_on(warehouse)


def _open_full(warehouse: Warehouse, fill: Callable[[], None]) -> list[str]:
    fill()
    return _refused(lambda: warehouse.open("never"), "bytes free") + _untouched(warehouse)


def _write_full(warehouse: Warehouse, fill: Callable[[], None]) -> list[str]:
    candidate = warehouse.open("full-writing")
    fill()
    try:
        content.write(candidate.file, "full-writing", rows=400_000)
        found = ["all was written"]
    except duckdb.Error as error:
        found = [] if "space" in str(error) else [str(error)]
    with contextlib.suppress(PipelineError):
        candidate.quarantine(["the disk is full"], datetime.now(UTC))
        return found + _untouched(warehouse)
    candidate.discard()
    return found + _untouched(warehouse)


def _publish_full(warehouse: Warehouse, fill: Callable[[], None]) -> list[str]:
    candidate, before = victim.begin(warehouse, "full-publishing"), warehouse.release
    fill()
    try:
        release = candidate.publish({}, datetime.now(UTC))
    except PipelineError as error:
        candidate.discard()
        found = [] if warehouse.release == before else ["refused, and current all the same"]
        return found + _clear(error, "space") + _untouched(warehouse)
    return [] if warehouse.release == release.id else ["not current"]


def _rollback_full(warehouse: Warehouse, fill: Callable[[], None]) -> list[str]:
    before = warehouse.release
    fill()
    try:
        warehouse.rollback()
    except PipelineError as error:
        found = [] if warehouse.release == before else ["refused, and taken back all the same"]
        return found + _clear(error, "space") + _untouched(warehouse)
    return _untouched(warehouse)


def _prune_full(warehouse: Warehouse, fill: Callable[[], None]) -> list[str]:
    fill()
    removed = warehouse.prune(last=1)
    return ([] if removed else ["nothing was pruned"]) + _untouched(warehouse)


def _truncated(warehouse: Warehouse) -> list[str]:
    file = warehouse.current.resolve()
    file.chmod(0o644)
    os.truncate(file, file.stat().st_size // 2)
    return _refused(lambda: warehouse.open("never"), "damaged") + _cured(warehouse, "bytes, it was")


def _byte_changed(warehouse: Warehouse) -> list[str]:
    file = warehouse.current.resolve()
    file.chmod(0o644)
    with file.open("r+b") as handle:
        handle.seek(file.stat().st_size // 2)
        byte = handle.read(1)
        handle.seek(-1, os.SEEK_CUR)
        handle.write(bytes([byte[0] ^ 1]))
    return _cured(warehouse, "it was published with", deep=True)


def _link_deleted(warehouse: Warehouse) -> list[str]:
    (warehouse.root / "current").unlink()
    return _refused(lambda: warehouse.open("never"), "is missing") + _cured(warehouse, "is missing")


def _link_dangling(warehouse: Warehouse) -> list[str]:
    link = warehouse.root / "current"
    link.unlink()
    link.symlink_to("releases/nowhere")
    return _refused(warehouse.read, "which is gone") + _cured(warehouse, "which is gone")


def _record_deleted(warehouse: Warehouse) -> list[str]:
    (warehouse.current.parent / "release.json").unlink()
    refused = _refused(lambda: warehouse.open("never"), "no readable release.json")
    return refused + _cured(warehouse, "no readable release.json")


def _journal_damaged(warehouse: Warehouse) -> list[str]:
    (warehouse.root / "journal.json").write_text('{"events": [')
    return _refused(warehouse.rollback, "journal.json is damaged") + _cured(warehouse, "is damaged")


def _quarantine_damaged(warehouse: Warehouse) -> list[str]:
    kept = victim.begin(warehouse, "refused").quarantine(["why"], datetime.now(UTC))
    (kept.folder / "quarantine.json").write_text("{")
    return _cured(warehouse, "no readable quarantine.json")


def _candidate_corrupted(warehouse: Warehouse) -> list[str]:
    candidate = victim.begin(warehouse, "corrupted")
    candidate.file.write_bytes(b"no database" * 5_000)
    found = _refused(lambda: candidate.publish({}, datetime.now(UTC)), "damaged")
    kept = candidate.quarantine(["damaged"], datetime.now(UTC))
    return found + _untouched(warehouse) + _cured(warehouse, f"{kept.file.name} cannot be opened")


def _ledger_torn(warehouse: Warehouse) -> list[str]:
    [file] = warehouse.ledger.files
    with file.open("ab") as handle:
        handle.write(b'{"v":1,"kind":"run"')
    found, before = _named(warehouse, "is torn"), len(list(warehouse.ledger.events()))
    found += _goes_on(warehouse)
    after = len(list(warehouse.ledger.events()))
    return found if after == before + 1 else [*found, f"{before} events became {after}"]


def _clock_back(warehouse: Warehouse) -> list[str]:
    """The clock was a year ahead for one release, and is right again."""
    ahead = warehouse.current_release()
    if ahead is None:
        return ["no release"]
    far = datetime.now(UTC) + timedelta(days=365)
    dataclasses.replace(ahead, published_at=far.isoformat()).write()
    refused = _refused(lambda: warehouse.open("never"), "the clock says")
    return refused + _cured(warehouse, "it says")


def _locks_deleted(warehouse: Warehouse) -> list[str]:
    candidate = victim.begin(warehouse, "alive")
    for name in ("lock", "swap.lock"):
        (warehouse.root / name).unlink()
    found = _refused(lambda: warehouse.open("never"), "run alive is at work, though its lock")
    found += _named(warehouse, "its run is at work")
    candidate.publish({}, datetime.now(UTC))
    with warehouse.read() as connection:
        run = content.read(connection)
    return found if run == "alive" else [*found, f"{run} was published"]


# The short version tries the first four; what the doctor says of the others has tests of its own.
DAMAGES = {
    "deleted lock files": _locks_deleted,
    "clock set back": _clock_back,
    "corrupted candidate": _candidate_corrupted,
    "torn ledger line": _ledger_torn,
    "truncated release": _truncated,
    "changed byte": _byte_changed,
    "deleted link": _link_deleted,
    "dangling link": _link_dangling,
    "deleted release.json": _record_deleted,
    "damaged journal": _journal_damaged,
    "damaged quarantine": _quarantine_damaged,
}


def _with_two_releases(root: Path) -> Warehouse:
    warehouse = Warehouse(root, LIMITS)
    for number in range(2):
        victim.publish(warehouse, f"whole-{number}")()
    return warehouse


def _refused(do: Callable[[], object], wanted: str) -> list[str]:
    """Have ``do`` raise one of our errors that says ``wanted`` and what to type next."""
    try:
        do()
    except GoldloopError as error:
        return _clear(error, wanted)
    except (OSError, duckdb.Error, ValueError) as error:
        return [f"a bare {type(error).__name__}: {error}"]
    return [f"it was not refused; '{wanted}' should have been said"]


def _clear(error: GoldloopError, wanted: str) -> list[str]:
    if wanted in error.problem and error.fix:
        return []
    return [f"'{wanted}' is not in: {error}"]


def _named(warehouse: Warehouse, wanted: str, deep: bool = False) -> list[str]:
    found = examine(warehouse, datetime.now(UTC), deep)
    if any(wanted in each.problem for each in found):
        return []
    return [f"the doctor does not say '{wanted}', but {found}"]


def _cured(warehouse: Warehouse, wanted: str, deep: bool = False) -> list[str]:
    """Have the doctor name ``wanted``, do what it says until it finds nothing more."""
    problems = _named(warehouse, wanted, deep)
    for _ in range(4):
        found = [each for each in examine(warehouse, datetime.now(UTC), deep) if not each.heals]
        if not found:
            return problems
        _obey(warehouse, found[-1])
    return [*problems, f"still there after what the doctor said was done: {found}"]


def _obey(warehouse: Warehouse, finding: Finding) -> None:
    """Do what a finding says to type."""
    if back := re.search(r"goldloop rollback(?: --to (\S+?))?(?:,|$)", finding.fix):
        warehouse.rollback(back.group(1))
    if removed := re.search(r"\brm (?:-r )?([^,]+)", finding.fix):
        subprocess.run(["rm", "-r", removed.group(1)], check=True)


def _untouched(warehouse: Warehouse) -> list[str]:
    return inspection.faults_of_current(warehouse)


def _goes_on(warehouse: Warehouse) -> list[str]:
    """Have the next run succeed, with nothing left behind."""
    try:
        victim.publish(warehouse, f"{os.urandom(4).hex()}-after")()
    except (GoldloopError, OSError, duckdb.Error) as error:
        return [f"the next run failed: {error}"]
    return inspection.faults_of_current(warehouse) + inspection.faults_at_rest(warehouse)
