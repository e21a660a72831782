"""The ten best of 10,000 items for each user, beside numpy, and how memory grows with users.

``GOLDLOOP_BENCH_USERS`` measures with fewer users.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from ml.evaluation.metrics import Array
from ml.recommend.ranking import best
from ml.recommend.sparse import Sparse, sparse

ROOT = Path(__file__).parents[1]
USERS = int(os.environ.get("GOLDLOOP_BENCH_USERS", "100000"))
ITEMS, FACTORS, TOP, SEEN = 10_000, 32, 10, 20
RUNS, BLOCK = 3, 256
SPEED, MEMORY = 1 / 2, 1.1
_KB = 1024


def run() -> list[dict[str, Any]]:
    """Measure speed on a tenth of the users, and peaks of all and of half of them."""
    made = _made(USERS // 10)
    pairs = [(_time(_ours, *made), _time(_numpy, *made)) for _ in range(RUNS + 1)][1:]
    if not np.array_equal(_ours(*made), _numpy(*made)):
        raise RuntimeError("numpy shows other items")
    peaks = [_peak(users) for users in (USERS, USERS // 2)]
    return [
        _row(f"top {TOP} of {ITEMS:,} items for {USERS // 10:,} users: seconds", pairs, SPEED,
             ("numpy: product, argpartition, sort, by block", np.__version__)),
        _row(f"peak memory of top {TOP} of {ITEMS:,} items for {USERS:,} users: MB",
             [(peaks[0], peaks[1])], MEMORY, (f"of {USERS // 2:,} users", "-")),
    ]  # fmt: skip


def _made(users: int) -> tuple[Array, Array, Sparse]:
    random = np.random.default_rng(0)
    rows = np.repeat(np.arange(users), SEEN)
    seen = sparse(rows, random.integers(0, ITEMS, len(rows)), np.ones(len(rows)), (users, ITEMS))
    width = 1 + FACTORS
    return random.normal(size=(users, width)), random.normal(size=(ITEMS, width)), seen


def _ours(users: Array, items: Array, seen: Sparse) -> Any:
    rows = np.arange(len(users))
    return np.concatenate([places for _, places, _ in best(users, items, seen, rows, TOP)])


def _numpy(users: Array, items: Array, seen: Sparse) -> Any:
    """Return the same by numpy alone, as one would write it."""
    told = []
    for start in range(0, len(users), BLOCK):
        known = users[start : start + BLOCK].copy()
        known[:, 0] = 1.0
        scores = known @ items.T
        for row in range(len(known)):
            at = slice(seen.starts[start + row], seen.starts[start + row + 1])
            scores[row, seen.places[at]] = -np.inf
        first = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
        order = np.argsort(-np.take_along_axis(scores, first, axis=1), axis=1)
        told.append(np.take_along_axis(first, order, axis=1))
    return np.concatenate(told)


def _time(work: Any, *given: Any) -> float:
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start


def _peak(users: int) -> float:
    command = [sys.executable, "-m", "bench.recommend", str(users)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["peak"])


def main() -> None:
    """Tell every user's list, keep none, and print by how much the peak grew beyond what was given.

    The factors and what was seen grow with users by their nature; what telling adds does not.
    """
    users, items, seen = _made(int(sys.argv[1]))
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    for _ in best(users, items, seen, np.arange(len(users)), TOP):
        pass
    sys.stdout.write(json.dumps({"peak": _memory("VmHWM") - before}) + "\n")


def _memory(which: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [found] = [line.split()[1] for line in status.splitlines() if line.startswith(which)]
    return int(found) / _KB


def _row(
    case: str, pairs: list[tuple[float, float]], target: float, peer: tuple[str, str]
) -> dict[str, Any]:
    ratio = float(np.median([ours / theirs for ours, theirs in pairs]))
    return {
        "case": case,
        "ours": float(np.median([ours for ours, _ in pairs])),
        "peer": peer[0],
        "peer_version": peer[1],
        "ratio": ratio,
        "target": target,
        "ok": ratio <= target,
        "n": USERS,
        "runs": len(pairs),
    }


if __name__ == "__main__":
    main()
