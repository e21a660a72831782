"""Training sets right in time beside Feast, polars and pandas: the same rows, the same answers.

A spine against one wide view and against three, 30-day ttl, the cut by known time on. Each run is
a process of its own, from files to a table in memory; ours reads a DuckDB file, the peers Parquet.
``GOLDLOOP_BENCH_SCALE`` measures with that share of the rows.
"""

import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from dataops.features.render import Renderer

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".bench-venv" / "features"
REQUIREMENTS = ROOT / "bench" / "requirements-features.txt"
SCALE = float(os.environ.get("GOLDLOOP_BENCH_SCALE", "1"))
RUNS = 3
SPINE, CUSTOMERS = int(1_000_000 * SCALE), int(100_000 * SCALE)
SPINES = {"spine_tenth": SPINE // 10, "spine": SPINE, "spine_10": 10 * SPINE}
VIEWS = {"wide": (10_000_000, 8), "one": (3_000_000, 4), "two": (3_000_000, 4),
         "three": (3_000_000, 4)}  # fmt: skip
CASES = {
    "one view of 10 million rows": ["wide"],
    "three views of 3 million": ["one", "two", "three"],
}
# Ours over the peer's time.
TARGETS = {"feast": 0.25, "polars": 1.0, "pandas": 1.0}
GIGABYTES = 2.5
GROWTH = 1.2
DAY = 86_400_000_000


def run() -> list[dict[str, Any]]:
    """Measure both cases beside the three peers, the peak of our memory, and how cost grows."""
    _install_peers()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _write(folder)
        results = [row for case, views in CASES.items() for row in _measure(folder, case, views)]
        return [*results, *_growth(folder)]


def _measure(folder: Path, case: str, views: Sequence[str]) -> list[dict[str, Any]]:
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], **{peer: [] for peer in TARGETS}}
    for _ in range(RUNS):
        runs["ours"].append(_ours(folder, views))
        for peer in TARGETS:
            runs[peer].append(_peer(folder, peer, views))
    for peer in TARGETS:
        _compare(folder, peer, views)
    ours = statistics.median(each["seconds"] for each in runs["ours"])
    results = []
    for peer, target in TARGETS.items():
        theirs = statistics.median(each["seconds"] for each in runs[peer])
        told = f"{peer}, {theirs:.1f} s, {max(each['gigabytes'] for each in runs[peer]):.1f} GB"
        results.append(
            _result(
                f"training set, {case}: seconds",
                ours,
                theirs,
                told,
                runs[peer][0]["version"],
                target,
            )  # fmt: skip
        )
    peak = max(each["gigabytes"] for each in runs["ours"])
    told = f"{GIGABYTES} GB"
    results.append(_result(f"training set, {case}: peak GB", peak, GIGABYTES, told, "limit", 1.0))
    return results


def _growth(folder: Path) -> list[dict[str, Any]]:
    """Compare each ten times of the spine, from 0.1 to 10 million rows, with ten times the time."""
    views = CASES["three views of 3 million"]
    seconds = {
        spine: statistics.median(_ours(folder, views, spine)["seconds"] for _ in range(RUNS))
        for spine in SPINES
    }
    results = []
    for small, large in itertools.pairwise(SPINES):
        case = f"training set, {SPINES[large]:,} spine rows for {SPINES[small]:,}: seconds"
        ten, one = seconds[large], seconds[small]
        told = f"ten times the seconds of a tenth, {one:.1f} s"
        results.append(_result(case, ten, 10 * one, told, "own", GROWTH))
    return results


def _result(
    case: str, ours: float, theirs: float, peer: str, version: str, target: float
) -> dict[str, Any]:
    ratio = ours / theirs
    return {
        "case": case,
        "ours": ours,
        "peer": peer,
        "peer_version": version,
        "ratio": ratio,
        "target": target,
        "ok": ratio <= target,
        "n": SPINE,
        "runs": RUNS,
    }


def _ours(folder: Path, views: Sequence[str], spine: str = "spine") -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.features", str(folder), ",".join(views), spine]
    return _told(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True))


def _peer(folder: Path, peer: str, views: Sequence[str]) -> dict[str, Any]:
    script = ROOT / "bench" / "feature_peers.py"
    command = [str(ENVIRONMENT / "bin" / "python"), str(script), peer, str(folder), ",".join(views)]
    return _told(subprocess.run(command, check=True, capture_output=True, text=True))


def _told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def _compare(folder: Path, peer: str, views: Sequence[str]) -> None:
    """Raise RuntimeError when a peer's answers are not ours, row by row."""
    names = ", ".join(f"{view}_{at}" for view in views for at in range(VIEWS[view][1]))
    # NaN is what pandas makes of null.
    asked = f"spine_id, columns(c -> c != 'spine_id' and c in ({_texts(names)}))"
    with duckdb.connect() as connection:
        left, right = (
            f"select {asked} from read_parquet('{folder}/{each}.parquet')"
            for each in ("ours", peer)
        )
        differing = connection.execute(
            f"select count(*) from (({left} except all {right}) union all "
            f"({right} except all {left}))"
        ).fetchone()
    if differing != (0,):
        raise RuntimeError(f"{peer} and we differ in {differing} rows of {', '.join(views)}")


def _texts(names: str) -> str:
    return ", ".join(f"'{name}'" for name in names.split(", "))


def _write(folder: Path) -> None:
    """Write the warehouse and the same tables as Parquet; one fact in ten is learnt late."""
    with duckdb.connect(folder / "warehouse.duckdb") as connection:
        for name, rows in SPINES.items():
            connection.execute(
                f"create table {name} as select i as spine_id, "
                f"(hash(i, 'c') % {CUSTOMERS})::bigint as customer_id, "
                f"make_timestamp(1738368000000000 + (hash(i, 't') % {330 * DAY})::bigint) "
                f"as as_of_at from range({rows}) as given(i)"
            )
        for name, (rows, width) in VIEWS.items():
            values = ", ".join(
                f"(hash(i, '{name}{at}') % 1000003) / 1000003.0 as {name}_{at}"
                for at in range(width)
            )
            connection.execute(
                f"create table {name} as select customer_id, {values}, event_at, "
                f"event_at + to_microseconds(case when hash(i, 'late') % 10 = 0 "
                f"then (hash(i, 'd') % {60 * DAY})::bigint else 3600000000 end) as known_at "
                f"from (select i, (hash(i, '{name}') % {CUSTOMERS})::bigint as customer_id, "
                f"make_timestamp(1735689600000000 + (hash(i, '{name}t') % {365 * DAY})::bigint) "
                f"as event_at from range({int(rows * SCALE)}) as given(i))"
            )
        for name in ("spine", *VIEWS):
            connection.execute(f"copy {name} to '{folder}/{name}.parquet'")


def _install_peers() -> None:
    stamp = ENVIRONMENT / "installed"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    venv.create(ENVIRONMENT, with_pip=True)
    pip = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True)
    stamp.write_text(wanted, encoding="utf-8")


def main() -> None:
    """Measure ourselves once; tell it as JSON and leave the result as ``ours.parquet``."""
    folder, views, spine = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3]
    declared = {
        view: {
            "entity": ["customer_id"],
            "event_time": "event_at",
            "known_time": "known_at",
            "ttl": "30 days",
            "features": [f"{view}_{at}" for at in range(VIEWS[view][1])],
        }
        for view in views
    }
    with duckdb.connect(folder / "warehouse.duckdb", read_only=True) as connection:
        start = time.perf_counter()
        statement = Renderer(declared, {view: view for view in views}).training_set(
            spine, "as_of_at", views
        )
        result = connection.execute(statement).to_arrow_table()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        if spine == "spine":
            connection.execute(f"copy (from result) to '{folder}/ours.parquet'")
    sys.stdout.write(
        json.dumps({"seconds": seconds, "gigabytes": peak, "rows": len(result)}) + "\n"
    )


if __name__ == "__main__":
    main()
