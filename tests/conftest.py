"""What the tests share: the command line as a person runs it, and a stranger's dbt project."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stranger import write_stranger

Run = Callable[..., subprocess.CompletedProcess[str]]


# Files that share a warehouse built by dbt: one worker runs them, and builds it once.
TOGETHER = ("tests/integration/sql/",)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file, or of a folder of ``TOGETHER``, on one worker."""
    for item in items:
        file = item.nodeid.split("::")[0]
        group = next((folder for folder in TOGETHER if file.startswith(folder)), file)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def goldloop() -> Run:
    """Run the command line in a process of its own: ``goldloop("run", project=folder)``."""
    executable = Path(sys.executable).with_name("goldloop")

    def call(*arguments: str, project: Path) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("GOLDLOOP", "DAGSTER"))}
        return subprocess.run(
            [str(executable), "--project-dir", str(project), *arguments],
            env=clean | {"COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A dbt project that has never heard of goldloop's example business, with landed files."""
    return write_stranger(tmp_path / "a project")
