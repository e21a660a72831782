"""What the tests share: the command line as a person runs it, and a stranger's dbt project."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stranger import write_stranger

Run = Callable[..., subprocess.CompletedProcess[str]]


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
