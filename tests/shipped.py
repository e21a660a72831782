"""The shipped project run on files of the simulator, and its release read."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb

from simulator.world import Settings

ROOT = Path(__file__).parents[1]
# So many customers that an experiment can tell what each planted cause of churn is worth.
SETTINGS = Settings(days=300, customers=4000, seed=7, dirt=0.01)


def goldloop(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("GOLDLOOP", "DAGSTER"))}
    folders = {
        "GOLDLOOP_HOME": str(folder / "warehouse"),
        "GOLDLOOP_LANDING": str(folder / "landing"),
    }
    command = [str(Path(sys.executable).with_name("goldloop")), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=clean | folders, capture_output=True, text=True, check=False
    )


def query(folder: Path, sql: str) -> list[tuple[object, ...]]:
    path = (folder / "warehouse" / "current" / "warehouse.duckdb").resolve()
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()
