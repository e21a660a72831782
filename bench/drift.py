"""Drift of 20 columns of two tables, beside Evidently's DataDriftPreset on the same rows."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from ml.columns import describe
from ml.monitoring.comparison import Compared, compare
from ml.monitoring.reading import watched_columns
from ml.relation import Relation

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".bench-drift-venv" / "bin" / "python"
ROWS, NUMBERS, CATEGORIES = 1_000_000, 15, 5
RUNS = 3
TARGET = 1 / 20
# Ours against ours of a tenth of the rows: more than a million rows need no more memory.
MEMORY_TARGET = 1.5
OLD, NEW = Relation("main", "old"), Relation("main", "new")


def run() -> list[dict[str, Any]]:
    """Measure both on the same rows, in turn; Evidently once, for it takes minutes."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = folder / "rows.duckdb"
        write_rows(path, ROWS)
        with duckdb.connect(path) as conn:
            for name in ("old", "new"):
                conn.execute(f"copy {name} to '{folder / name}.parquet'")
        ours = [_ours(path) for _ in range(RUNS + 1)][1:]
        peer = evidently("preset", folder)
        if "told" in peer:
            _compare(ours[-1][1], peer["told"])
        return [_row([seconds for seconds, _ in ours], peer), _memory(folder)]


def write_rows(path: Path, rows: int, times: int = 1) -> None:
    """Write tables old and new; every other column of new has moved a little."""
    with duckdb.connect(path) as conn:
        for name, start, moved in (("old", 0, 0.0), ("new", rows, 0.1)):
            made = [f"sqrt(-2 * ln((hash(i, {at}) % 999983 + 1) / 1000000.0)) * cos(2 * pi() * "
                    f"(hash(i, {at}, 'b') % 999983) / 999983.0) + {moved if at % 2 else 0} as x{at}"
                    for at in range(NUMBERS)]  # fmt: skip
            made += [f"'v' || (hash(i, {at}, 'c') % {5 + 10 * at}) as c{at}"
                     for at in range(CATEGORIES)]  # fmt: skip
            conn.execute(f"create table {name} as select {', '.join(made)} "
                         f"from range({start}, {start + rows * times}) as t(i)")  # fmt: skip


def _ours(path: Path) -> tuple[float, list[Compared]]:
    with duckdb.connect(path, config={"threads": 2}) as conn:
        start = time.perf_counter()
        found = compare(conn, OLD.sql, NEW.sql, watched_columns(describe(conn, OLD)))
        return time.perf_counter() - start, found


def evidently(what: str, folder: Path) -> Mapping[str, Any]:
    """Return what Evidently says of the Parquet files in ``folder``; the reason if it cannot."""
    if not PEERS.exists():
        return {"reason": "not installed: make bench-peers"}
    command = [str(PEERS), str(ROOT / "bench" / "drift_peers.py"), what, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        return {"reason": lines[-1][:120]}
    told: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _compare(ours: list[Compared], told: Mapping[str, Mapping[str, float]]) -> None:
    """Refuse to report a time of distances that differ where the definitions agree."""
    for each in ours:
        for method, value in told[each.column].items():
            wanted = each.drift.wasserstein_norm
            if method.startswith("Wasserstein") and wanted is not None:
                if abs(wanted - value) > 1e-3:
                    raise RuntimeError(f"{each.column}: {wanted} is not Evidently's {value}")


def _row(ours: list[float], peer: Mapping[str, Any]) -> dict[str, Any]:
    reason, mine = peer.get("reason"), statistics.median(ours)
    ratio = None if reason else mine / peer["seconds"]
    return {
        "case": f"drift of {NUMBERS + CATEGORIES} columns of 2 x {ROWS:,} rows: seconds",
        "ours": mine,
        "peer": f"Evidently's DataDriftPreset{f': cannot ({reason})' if reason else ''}",
        "peer_version": peer.get("version", "-"),
        "ratio": ratio,
        "target": TARGET,
        "ok": ratio is None or ratio <= TARGET,
        "n": ROWS,
        "runs": len(ours),
    }


def _memory(folder: Path) -> dict[str, Any]:
    """Compare the peak memory of comparing some rows with that of four times as many."""
    peaks = []
    for times in (1, 4):
        path = folder / f"memory{times}.duckdb"
        write_rows(path, ROWS, times)
        command = [sys.executable, "-m", "bench.drift_child", str(path)]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        peaks.append(float(done.stdout))
        path.unlink()
    ratio = peaks[1] / peaks[0]
    return {
        "case": f"peak memory of drift of 2 x {4 * ROWS:,} rows: MB",
        "ours": peaks[1],
        "peer": f"of 2 x {ROWS:,} rows",
        "peer_version": "-",
        "ratio": ratio,
        "target": MEMORY_TARGET,
        "ok": ratio <= MEMORY_TARGET,
        "n": 4 * ROWS,
        "runs": 1,
    }
