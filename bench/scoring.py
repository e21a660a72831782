"""Scoring beside the pandas way, and the compiled kernel beside scikit-learn and other engines.

The pandas way is what a user would write: the table as a data frame, ``Pipeline.predict_proba``,
an insert of the frame. Ours is all that ``score`` does, its checks and its transaction included.
Both write the same table; what they write is compared.

The peers have an environment of their own, ``.bench-venv``, made by ``make bench-peers``; without
it their rows say so. ``GOLDLOOP_BENCH_ROWS`` measures with fewer rows.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import sklearn

from bench.scoring_data import declared, relations, write_tables
from ml.compiled import compiled
from ml.export.onnx import onnx_model
from ml.model import Model
from ml.score import score
from ml.train import train
from ml.versions import artifact, registry
from ml.versions.provenance import Provenance

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".bench-venv" / "bin" / "python"
RUNS = 3
ROWS = int(os.environ.get("GOLDLOOP_BENCH_ROWS", "2000000"))
TREES, KERNEL, LINEAR, MEMORY, FIRST = 1 / 8, 1 / 15, 1 / 10, 1.1, 1.0
FIRST_SECONDS = 1.5
OTHERS = ("onnxruntime", "treelite", "lleaves", "orbital")

Row = dict[str, Any]


def run() -> list[Row]:
    """Measure every case; a ratio is our time over the peer's."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = folder / "warehouse.duckdb"
        with duckdb.connect(path) as conn:
            write_tables(conn, ROWS)
            models = {preset: _trained(conn, preset, folder) for preset in _PRESETS}
        rows = [_table_to_table(path, folder, preset, models[preset]) for preset in _PRESETS]
        boosted = models["boosted_trees"]
        rows += _kernels(path, folder, boosted)
        rows += [_first(path), _memory(path, folder)]
    return rows


_PRESETS = {"boosted_trees": TREES, "logistic_regression": LINEAR}


def _trained(conn: duckdb.DuckDBPyConnection, preset: str, folder: Path) -> Model:
    """Train a version, and leave its artifact for the peers."""
    spec = declared(preset)
    provenance = Provenance("bench", None, None)
    version = train(conn, spec, relations(), provenance, now=datetime.now(UTC))
    model = registry.load(conn, version)
    if version.status != "champion":
        raise RuntimeError(f"{version.name} is {version.status}: {version.reason}")
    (folder / f"{preset}.skops").write_bytes(artifact.dump(model.estimator))
    codes = {feature.name: list(feature.categories) for feature in model.encoder.features}
    (folder / f"{preset}.json").write_text(json.dumps(codes), encoding="utf-8")
    (folder / f"{preset}.onnx").write_bytes(onnx_model(model, {}))
    return model


def _table_to_table(path: Path, folder: Path, preset: str, model: Model) -> Row:
    """Score the table and let pandas do so, in turn, from the second run on."""
    times: list[tuple[float, float]] = []
    version, reason = "", ""
    for _ in range(RUNS + 1):
        ours = _ours(path, preset)
        told = _peer("pandas", folder, preset)
        version, reason = told.get("version", ""), told.get("reason", "")
        times.append((ours, told.get("seconds", 0.0)))
        if not reason:
            _compare(path, exact=preset == "boosted_trees")
    return _row(
        f"score {preset} of {ROWS:,} rows, table to table: seconds",
        times[1:],
        _PRESETS[preset],
        ("the pandas way", version, reason),
    )


def _ours(path: Path, preset: str) -> float:
    spec = declared(preset)
    with duckdb.connect(path, config={"threads": 2}) as conn:
        conn.execute("drop table if exists predictions.bench_" + preset)
        conn.execute("checkpoint")
        start = time.perf_counter()
        score(conn, spec, relations(), Provenance("bench", None, None), now=datetime.now(UTC))
        seconds = time.perf_counter() - start
        conn.execute(
            f"create or replace table ours as select id, score from predictions.bench_{preset}"
        )
    return seconds


def _compare(path: Path, *, exact: bool) -> None:
    """Refuse to report a time of scores that differ."""
    with duckdb.connect(path) as conn:
        rows, furthest = conn.execute(
            "select count(*), max(abs(ours.score - theirs.score)) from ours join theirs using (id)"
        ).fetchall()[0]
    if rows != ROWS or furthest > (0.0 if exact else 1e-12):
        raise RuntimeError(f"scores of {rows:,} rows differ by {furthest} at most")


def _kernels(path: Path, folder: Path, model: Model) -> list[Row]:
    """Tell of a matrix in memory by every engine there is."""
    with duckdb.connect(path) as conn:
        named = ", ".join(feature.column.feature_sql for feature in model.encoder.features)
        matrix = model.encoder.encode(
            conn.execute(f"select {named} from gold.ftr").to_arrow_table()
        )
    np.save(folder / "matrix.npy", matrix)
    made = compiled(model)
    if made is None:
        raise RuntimeError("the model is not compiled")
    pairs = [(_time(made.tell_matrix, matrix), _time(model.tell, matrix)) for _ in range(RUNS + 1)]
    if not np.array_equal(made.tell_matrix(matrix), model.tell(matrix)):
        raise RuntimeError("the kernel differs from scikit-learn")
    case = f"100 boosted trees on a matrix of {ROWS:,} rows: seconds"
    rows = [_row(case, pairs[1:], KERNEL, ("predict_proba", sklearn.__version__, ""))]
    for name in OTHERS:
        told = [
            (_time(made.tell_matrix, matrix), _peer(name, folder, "boosted_trees"))
            for _ in range(RUNS)
        ]
        last = told[-1][1]
        times = [(ours, float(each.get("seconds", 0.0))) for ours, each in told]
        differs = f", differs by {last['differs']:.1g}" if "differs" in last else ""
        peer = (name + differs, last.get("version", ""), last.get("reason", ""))
        rows.append(_row(case, times, 1.0, peer))
    return rows


def _time(tell: Any, matrix: Any) -> float:
    start = time.perf_counter()
    tell(matrix)
    return time.perf_counter() - start


def _first(path: Path) -> Row:
    """Time the first score of new processes, from before the kernel's modules are imported."""
    times = [_child(path, "first")["seconds"] for _ in range(RUNS + 1)][1:]
    pairs = [(seconds, FIRST_SECONDS) for seconds in times]
    case = "first score of a process with a warm kernel cache: seconds"
    return _row(case, pairs, FIRST, ("what is allowed", "", ""))


def _memory(warehouse: Path, folder: Path) -> Row:
    """Compare the peak memory of scoring some rows with that of twenty times as many."""
    peaks = []
    for times in (1, 20):
        path = folder / f"memory{times}.duckdb"
        with duckdb.connect(path) as conn:
            write_tables(conn, times * ROWS // 2, train=0)
            conn.execute(f"attach '{warehouse}' as trained (read_only)")
            conn.execute("create schema ml")
            conn.execute("create table ml.model_versions as from trained.ml.model_versions")
            conn.execute("create table ml.evaluations as from trained.ml.evaluations")
        peaks.append(_child(path, "memory")["peak"])
        path.unlink()
    case = f"peak memory of scoring {10 * ROWS:,} rows: MB"
    return _row(case, [(peaks[1], peaks[0])], MEMORY, (f"of {ROWS // 2:,} rows", "", ""))


def _child(path: Path, what: str) -> Mapping[str, float]:
    command = [sys.executable, "-m", "bench.scoring_child", what, str(path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    told: Mapping[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _peer(name: str, folder: Path, preset: str) -> Mapping[str, Any]:
    """Let ``name`` tell, in a process of the peers' environment; with a reason when it cannot."""
    if not PEERS.exists():
        return {"reason": "not installed: make bench-peers"}
    command = [str(PEERS), str(ROOT / "bench" / "scoring_peers.py"), name, str(folder), preset]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        return {"reason": lines[-1][:120]}
    told: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _row(
    case: str, times: list[tuple[float, float]], target: float, peer: tuple[str, str, str]
) -> Row:
    """Return the row of a case; of a peer with a reason, which could not do it, without a ratio."""
    name, version, reason = peer
    ratio = None if reason else statistics.median(ours / theirs for ours, theirs in times)
    return {
        "case": case,
        "ours": statistics.median(ours for ours, _ in times),
        "peer": f"{name}: cannot ({reason})" if reason else name,
        "peer_version": version or "-",
        "ratio": ratio,
        "target": round(target, 4),
        "ok": ratio is None or ratio <= target,
        "n": ROWS,
        "runs": len(times),
    }
