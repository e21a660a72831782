"""What a run costs over `dbt build` of the same models on the same warehouse."""

import importlib.metadata
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from orchestration.profile import write_profile

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
REPEATS = 3
# A run also ingests, trains, scores, counts, copies and publishes; each is a part of the loop.
TARGET = 4.0


def run() -> list[dict[str, Any]]:
    """Time a whole run (nothing new landed) and a `dbt build` of its models, side by side."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        environment = os.environ | {
            "GOLDLOOP_HOME": str(folder / "warehouse"),
            "GOLDLOOP_LANDING": str(folder / "landing"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "target"),
        }
        _time([str(BIN / "goldloop"), "simulate", "--customers", "2000"], environment)
        loop = [str(BIN / "goldloop"), "run"]
        _time(loop, environment)
        _time(loop, environment)
        build = _dbt_build(folder)
        _time(build, environment)
        pairs = [(_time(loop, environment), _time(build, environment)) for _ in range(REPEATS)]
    ours, peer = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = ours / peer
    return [
        {
            "case": "run: seconds of a whole loop",
            "ours": ours,
            "peer": "dbt build of the same models",
            "peer_version": importlib.metadata.version("dbt-core"),
            "ratio": ratio,
            "target": TARGET,
            "ok": ratio <= TARGET,
            "n": 1,
            "runs": REPEATS,
        }
    ]


def _dbt_build(folder: Path) -> list[str]:
    copy = folder / "copy" / "warehouse.duckdb"
    copy.parent.mkdir()
    shutil.copyfile(folder / "warehouse" / "current" / "warehouse.duckdb", copy)
    write_profile(ROOT, folder / "profiles", copy)
    command = [str(BIN / "dbt"), "--quiet", "build", "--exclude-resource-type", "unit_test"]
    return [*command, "--project-dir", str(ROOT), "--profiles-dir", str(folder / "profiles")]


def _time(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start
