"""Each example is copied out of the checkout and run there as a person would run it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Run

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("GOLDLOOP_DATA") or ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Find a folder of real files, or skip: they are too large for the repository."""

    def find(name: str) -> Path:
        folder = DATA / name
        if not folder.is_dir():
            pytest.skip(
                f"no real files in {folder}; set GOLDLOOP_DATA to the folder that has {name}"
            )
        return folder

    return find


@pytest.fixture(scope="session")
def copy_example(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Copy an example, and nothing else of the checkout, into a folder of its own."""

    def copy(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name) / name
        left_out = shutil.ignore_patterns("warehouse", "target", "logs", "landing")
        shutil.copytree(ROOT / "examples" / name, folder, ignore=left_out)
        return folder

    return copy


@pytest.fixture(scope="session")
def run_loop(goldloop: Run) -> Callable[[Path, Path], str]:
    """Run the loop of a project over a landing folder; what it said on the way is returned."""

    def run(project: Path, landing: Path) -> str:
        done = goldloop("run", "--landing", str(landing), project=project)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def read_current() -> Callable[[Path], duckdb.DuckDBPyConnection]:
    """Open what readers of a project see."""

    def read(project: Path) -> duckdb.DuckDBPyConnection:
        path = project / "warehouse" / "current" / "warehouse.duckdb"
        return duckdb.connect(str(path.resolve()), read_only=True)

    return read


@pytest.fixture(scope="session")
def unit_tests() -> Callable[[Path], subprocess.CompletedProcess[str]]:
    """Run a project's dbt unit tests by plain dbt, on a copy of the current release."""

    def run(project: Path) -> subprocess.CompletedProcess[str]:
        dev = project / "warehouse" / "dev" / "warehouse.duckdb"
        dev.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project / "warehouse" / "current" / "warehouse.duckdb", dev)
        dbt = Path(sys.executable).with_name("dbt")
        return subprocess.run(
            [str(dbt), "test", "--select", "test_type:unit", "--profiles-dir", "."],
            cwd=project,
            env=os.environ | {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def held_to_lineage_page(goldloop: Run) -> Callable[[Path], None]:
    """Hold an example to what docs/lineage.md says: that each of its columns is resolved."""

    def hold(project: Path) -> None:
        manifest = project / "warehouse" / "current" / "manifest.json"
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
        model = next(node for node in nodes if node["resource_type"] == "model")
        relation = f"{model['schema']}.{model['alias']}"
        asked = goldloop("lineage", relation, "--json", project=project)
        assert asked.returncode == 0, asked.stderr
        told = json.loads(asked.stdout)
        assert told["unresolved"] == {}
        assert sum(each["columns"] for each in told["resolved"].values()) > 0
        page = (ROOT / "docs" / "lineage.md").read_text(encoding="utf-8")
        assert f"`{project.name}`" in page

    return hold
