"""What publishing costs beside a bare copy of the file, how long a rollback and an opening take."""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dataops.warehouse import Limits, Release, Warehouse

REPEATS = 5
PUBLISH_BYTES, ROLLBACK_BYTES = 500_000_000, 2_000_000_000
# A row of two random numbers does not compress.
ROW_BYTES = 16
PUBLISH_TARGET = 1.3
# A second, whatever the size: the peer is the clock.
ROLLBACK_TARGET = 1.0
OPEN_TARGET = 1.3


def run() -> list[dict[str, Any]]:
    """Measure publication, rollback and opening, each beside its peer, in one process."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as scratch:
        folder = Path(scratch)
        warehouse = Warehouse(folder / "small", Limits(releases=2))
        release = _fill(warehouse, PUBLISH_BYTES)
        results = [_publishing(warehouse, release), _opening(warehouse)]
        shutil.rmtree(folder / "small")
        large = Warehouse(folder / "large", Limits(releases=2))
        _fill(large, ROLLBACK_BYTES)
        return [*results, _rolling_back(large)]


def _fill(warehouse: Warehouse, size: int) -> Release:
    candidate = warehouse.open("filled")
    with warehouse.connect() as connection:
        connection.execute(
            "create table t as select random() as a, random() as b from range(?)",
            [size // ROW_BYTES],
        )
    return candidate.publish({}, datetime.now(UTC))


def _publishing(warehouse: Warehouse, release: Release) -> dict[str, Any]:
    """Take the time from a run's last write until readers see it, and of a copy to the disk."""
    copy = warehouse.root / "copy"
    ours, peer = [], []
    for number in range(REPEATS):
        # Releases are pruned as new ones come: the one copied is the one readers have.
        current = warehouse.current.resolve()
        peer.append(_time(lambda: _copy(current, copy)))  # noqa: B023
        copy.unlink()
        candidate = warehouse.open(f"{number:08}")
        with warehouse.connect() as connection:
            connection.execute("create or replace table u as select ? as number", [number])
        ours.append(_time(lambda: candidate.publish({}, datetime.now(UTC))))  # noqa: B023
    return _result(
        f"publish: seconds, {release.bytes / 1e9:.1f} GB", ours, peer,
        "copy of the file, synced", PUBLISH_TARGET,
    )  # fmt: skip


def _opening(warehouse: Warehouse) -> dict[str, Any]:
    """Open as a reader does, through ``current``, and the file by its own path."""
    file = str(warehouse.current.resolve())
    ours, peer = [], []
    for _ in range(REPEATS * 10):
        peer.append(_time(lambda: duckdb.connect(file, read_only=True).close()))
        ours.append(_time(lambda: warehouse.read().close()))
    return _result(
        "open: seconds for a reader", ours, peer, "duckdb.connect on the file", OPEN_TARGET
    )


def _rolling_back(warehouse: Warehouse) -> dict[str, Any]:
    candidate = warehouse.open("second")
    with warehouse.connect() as connection:
        connection.execute("create table u as select 1 as number")
    candidate.publish({}, datetime.now(UTC))
    ours = []
    for _ in range(REPEATS):
        target = next(each.id for each in warehouse.releases() if each.id != warehouse.release)
        ours.append(_time(lambda: warehouse.rollback(target)))  # noqa: B023
    return _result("rollback: seconds, 2 GB", ours, [1.0], "one second", ROLLBACK_TARGET)


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as handle:
        os.fsync(handle.fileno())


def _time(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _result(
    case: str, ours: Sequence[float], peer: Sequence[float], name: str, target: float
) -> dict[str, Any]:
    ratio = statistics.median(ours) / statistics.median(peer)
    return {
        "case": case,
        "ours": statistics.median(ours),
        "peer": name,
        "peer_version": duckdb.__version__,
        "ratio": ratio,
        "target": target,
        "ok": ratio <= target,
        "n": 1,
        "runs": len(ours),
    }
