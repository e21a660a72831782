"""Made-up rows in a whole run: published when they copy nobody, and no release when they do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stranger import write_stranger

SOURCE = """
sources:
  - name: made_up
    schema: landing
    tables:
      - name: synthetic_visits
        config:
          meta:
            synthetic:
              train:
                "on": visit_training
                label: is_bought
                key: [visit_id]
                time: visit_date
                split: {by: time, test: 0.2}
"""
MORE = """
select visit_id, channel, pages, is_bought, visit_date, false as is_synthetic
from {{ ref('visit_training') }}
union all
select visit_id, channel, pages, is_bought, visit_date, is_synthetic
from {{ source('made_up', 'synthetic_visits') }}
"""
TESTS = """
models:
  - name: visit_more
    columns:
      - {name: visit_id, data_tests: [unique, not_null]}
"""
COPYING = """
from dataclasses import replace
from functools import partial
import numpy as np
import orchestration.assets.synthetic as assets
from ml.synthetic import make, trees

def copying(real, nominal, wanted, leaf, seed):
    drawn = trees.draw(real, nominal, wanted, leaf, seed)
    return replace(drawn, rows=real[np.arange(wanted) % len(real)])

assets.synthesise = partial(make.synthesise, generator=copying)
from orchestration.cli.main import main
main()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = write_stranger(tmp_path / "stranger", days=60)
    files = {"made_up.yml": SOURCE, "visit_more.sql": MORE, "visit_more.yml": TESTS}
    for name, text in files.items():
        (folder / "models" / name).write_text(text.lstrip(), encoding="utf-8")
    path = folder / "models" / "purchase.yml"
    declared = path.read_text(encoding="utf-8")
    declared = declared.replace("on: visit_training", "on: visit_more\n            synthetic: mark")
    declared = declared.replace("synthetic: mark", "synthetic: is_synthetic")
    declared = declared.replace("ref('visit_training')", "ref('visit_more')")
    path.write_text(declared, encoding="utf-8")
    return folder


def _run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words, "--project-dir", str(project), "run"]
    environment = {name: value for name, value in os.environ.items() if "GOLDLOOP" not in name}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=400, env=environment, check=False
    )


@pytest.mark.long
def test_a_set_that_copies_people_ends_the_run_without_a_release(project: Path) -> None:
    done = _run(project, "-c", COPYING)
    assert done.returncode == 1
    assert "copies_nobody copies real people" in done.stderr
    assert not (project / "warehouse" / "current").exists()


@pytest.mark.long
def test_made_up_rows_are_published_with_a_model_that_learns_from_them(project: Path) -> None:
    done = _run(project, "-m", "orchestration.cli.main")
    assert done.returncode == 0, done.stderr
    assert (project / "warehouse" / "current").exists()


@pytest.mark.long
def test_the_graph_is_refused_where_made_up_rows_are_not_marked(project: Path) -> None:
    path = project / "models" / "purchase.yml"
    declared = path.read_text(encoding="utf-8")
    path.write_text(declared.replace("synthetic: is_synthetic", ""), encoding="utf-8")
    loaded = subprocess.run(
        [sys.executable, "-c", "import orchestration.definitions"],
        capture_output=True, text=True, timeout=400, check=False,
        env={**os.environ, "GOLDLOOP_PROJECT_DIR": str(project),
             "GOLDLOOP_HOME": str(project / "warehouse")},
    )  # fmt: skip
    assert loaded.returncode != 0
    assert "train.synthetic does not name the column that marks them" in loaded.stderr
