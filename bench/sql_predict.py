"""``ml_predict`` in a SQL model beside the engine's own scoring, by the same version.

Ours is dbt's own time of the node that makes a table of every key with its prediction, its score
and its version, the questions it asks while it compiles included, in a dbt that has asked the model
before, of 25,000 rows; the peer is ``ml.score.score`` of the same table, from its second time in
one process on. What both write is compared. The last case passes every column of the table through
as well, which scoring does not.
"""

import json
import os
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from bench.scoring_data import declared, relations, write_tables
from ml.score import score
from ml.train import train
from ml.versions.provenance import Provenance
from orchestration.dbt_plugin import Plugin
from orchestration.models.macros import ML_MACROS
from orchestration.project import QUIET, dbt_executable

RUNS = 3
ROWS = int(os.environ.get("GOLDLOOP_BENCH_ROWS", "2000000"))
PRESETS = ("boosted_trees", "logistic_regression")
TARGET = 1.3
NARROW = "id, day, prediction, score, model_name, model_version"

Row = dict[str, Any]


def run() -> list[Row]:
    """Measure each preset; a ratio is the time of the node over that of the engine."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        path = folder / "warehouse.duckdb"
        with duckdb.connect(path) as conn:
            write_tables(conn, ROWS)
            for preset in PRESETS:
                train(conn, declared(preset), relations(), _PROVENANCE, now=datetime.now(UTC))
        _write_project(folder)
        rows = [_case(folder, path, preset, "narrow", TARGET) for preset in PRESETS]
        # What passes through is 22 columns more to write: told, and held to no target.
        return [*rows, _case(folder, path, PRESETS[0], "wide", None)]


_PROVENANCE = Provenance("bench", None, None)


def _write_project(folder: Path) -> None:
    (folder / "models").mkdir()
    (folder / "dbt_project.yml").write_text(
        f"name: bench\nprofile: bench\nmacro-paths: ['{ML_MACROS.folder}']\n"
        "models: {bench: {+materialized: table}}\n"
    )
    (folder / "profiles.yml").write_text(
        "bench: {target: dev, outputs: {dev: {type: duckdb, path: warehouse.duckdb, threads: 1, "
        f"config_options: {{threads: 2}}, plugins: [{{module: {Plugin.__module__}}}]}}}}}}\n"
    )
    (folder / "models" / "sources.yml").write_text(
        "sources: [{name: gold, tables: [{name: ftr}]}]\n"
    )
    for preset in PRESETS:
        few = "with few as (select * from {{ source('gold', 'ftr') }} limit 25000) "
        call = f"{{{{ ml_predict('bench_{preset}', 'few') }}}}"
        (folder / "models" / f"{preset}_first.sql").write_text(
            f"{few}select count(score) as n from {call} as told\n"
        )
        call = f"{{{{ ml_predict('bench_{preset}', source('gold', 'ftr')) }}}}"
        for name, columns in (("narrow", NARROW), ("wide", "*")):
            after = f"-- depends_on: {{{{ ref('{preset}_first') }}}}\n"
            sql = f"{after}select {columns} from {call} as told\n"
            (folder / "models" / f"{preset}_{name}.sql").write_text(sql)


def _case(folder: Path, path: Path, preset: str, name: str, target: float | None) -> Row:
    pairs = []
    for _ in range(RUNS + 1):
        pairs.append((_node(folder, f"{preset}_{name}"), _engine(path, preset)))
        _compare(path, preset, name)
    ours, theirs = (sorted(times)[RUNS // 2] for times in zip(*pairs[1:], strict=True))
    ratio = sorted(one / other for one, other in pairs[1:])[RUNS // 2]
    through = "all columns through" if name == "wide" else "as scoring writes"
    return {
        "case": f"ml_predict, {preset}, {ROWS:,} rows, {through}: seconds",
        "ours": ours,
        "peer": f"score, {theirs:.2f} s",
        "peer_version": "ours",
        "ratio": ratio,
        "target": target,
        "ok": target is None or ratio <= target,
        "n": ROWS,
        "runs": RUNS,
    }


def _node(folder: Path, model: str) -> float:
    """Return the seconds that dbt's node of ``model`` took."""
    command = [dbt_executable(), "--quiet", "run", "--select", f"+{model}", "--profiles-dir", "."]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | QUIET, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stdout)
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    [node] = [each for each in results["results"] if each["unique_id"] == f"model.bench.{model}"]
    return float(node["execution_time"])


def _engine(path: Path, preset: str) -> float:
    with duckdb.connect(path, config={"threads": 2}) as conn:
        conn.execute(f"drop table if exists predictions.bench_{preset}")
        conn.execute("checkpoint")
        start = time.perf_counter()
        score(conn, declared(preset), relations(), _PROVENANCE, now=datetime.now(UTC))
        return time.perf_counter() - start


def _compare(path: Path, preset: str, name: str) -> None:
    """Refuse to report a time of scores that differ."""
    with duckdb.connect(path) as conn:
        rows, furthest, other = conn.execute(
            f"select count(*), max(abs(ours.score - theirs.score)), "
            "count(*) filter (ours.prediction is distinct from theirs.prediction) "
            f"from {preset}_{name} as ours join predictions.bench_{preset} as theirs using (id)"
        ).fetchall()[0]
    if rows != ROWS or furthest > 1e-12 or other:
        raise RuntimeError(f"scores of {rows:,} rows differ by {furthest} at most, {other} told")
