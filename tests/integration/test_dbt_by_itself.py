"""The shipped project is a dbt project like any other, without a run of the loop."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shipped import ROOT

pytestmark = pytest.mark.long


def test_dbt_build_by_itself_passes_before_any_file_has_landed(tmp_path: Path) -> None:
    project = tmp_path / "clone"
    for name in ("dbt_project.yml", "profiles.yml"):
        project.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, project / name)
    for name in (
        "models",
        "macros",
        "dataops/features/macros",
        "orchestration/dbt_plugin/macros",
        "seeds",
        "tests/dbt",
    ):
        shutil.copytree(ROOT / name, project / name)
    (project / "warehouse" / "dev").mkdir(parents=True)
    dbt = str(Path(sys.executable).with_name("dbt"))
    done = subprocess.run(
        [dbt, "--warn-error", "build"], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
