"""Made-up rows in a whole run: published when they copy nobody, and no release when they do."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sklearn.metrics import roc_auc_score

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
# A run of which the generator is one of its own.
PATCHED = """
from dataclasses import replace
from functools import partial
import numpy as np
import orchestration.assets.synthetic as assets
from ml.synthetic import make, trees

def changed(real, nominal, wanted, leaf, seed):
    drawn = trees.draw(real, nominal, wanted, leaf, seed)
    {change}
    return replace(drawn, rows=rows)

assets.synthesise = partial(make.synthesise, generator=changed)
from orchestration.cli.main import main
main()
"""
COPYING = PATCHED.format(change="rows = real[np.arange(wanted) % len(real)]")
# Label, time, channel, pages: who buys reads more pages than anybody who does not.
EASY = PATCHED.format(
    change="rows = drawn.rows; "
    "rows[:, 3] = np.where((rows[:, 0] == 1) & (rows[:, 3] < 11), 17 - rows[:, 3] % 6, rows[:, 3])"
)
COUNTS = "select channel, count(*) as visits from {{ source('made_up', 'synthetic_visits') }} "


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
        command, capture_output=True, text=True, timeout=900, env=environment, check=False
    )


@pytest.mark.long
def test_a_set_that_copies_people_ends_the_run_without_a_release(project: Path) -> None:
    done = _run(project, "-c", COPYING)
    assert done.returncode == 1
    assert "copies_nobody copies real people" in done.stderr
    assert not (project / "warehouse" / "current").exists()


def _released(project: Path, sql: str) -> list[tuple[Any, ...]]:
    file = project / "warehouse" / "current" / "warehouse.duckdb"
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        return connection.sql(sql).fetchall()


@pytest.mark.long
def test_rows_that_would_flatter_a_model_are_learnt_from_and_never_judge(project: Path) -> None:
    done = _run(project, "-c", EASY)
    assert done.returncode == 0, done.stderr
    ((learnt, made_up, held, since, told),) = _released(
        project,
        "select train_rows, made_up_rows, test_rows, test_from, value from ml.model_versions "
        "inner join ml.evaluations using (model, version) "
        "where data = 'test' and metric = 'roc_auc' and segment = 'all'",
    )
    real = _released(
        project,
        "select is_bought, score, pages from main_gold.visit_training "
        "inner join predictions.purchase using (visit_id) "
        f"where visit_date >= '{since}' order by visit_id",
    )
    made = _released(project, "select is_bought, pages from landing.synthetic_visits")
    ((rows, used),) = _released(
        project,
        "select count(*) filter (where not is_synthetic), count(*) filter (where is_synthetic) "
        f"from main_gold.visit_more where visit_date < '{since}'",
    )
    assert (learnt, made_up, held) == (rows + used, used, len(real))
    assert used > 0.9 * len(made)
    bought, scores, pages = zip(*real, strict=True)
    assert told == pytest.approx(roc_auc_score(bought, scores), abs=1e-9)
    flattering, theirs = zip(*made, strict=True)
    flattered = roc_auc_score([*bought, *flattering], [*pages, *theirs])
    assert flattered > roc_auc_score(bought, pages) + 0.05
    _check_that_lost_marks_end_the_run(project)


def _check_that_lost_marks_end_the_run(project: Path) -> None:
    release = (project / "warehouse" / "current").resolve()
    assert _released(
        project,
        "select count(*) from predictions.purchase where visit_id in "
        "(select visit_id from landing.synthetic_visits)",
    ) == [(0,)]
    models = project / "models"
    told_real = MORE.replace("visit_date, is_synthetic", "visit_date, false as is_synthetic")
    (models / "visit_more.sql").write_text(told_real, encoding="utf-8")
    (models / "visit_counts.sql").write_text(COUNTS + "group by channel", encoding="utf-8")
    done = _run(project, "-m", "orchestration.cli.main")
    assert done.returncode == 1
    assert "were made up (their keys stand in landing.synthetic_visits)" in done.stderr
    (ledger,) = (project / "warehouse" / "ledger").glob("*.jsonl")
    told = ledger.read_text(encoding="utf-8")
    assert "main_gold.visit_counts is made from made-up rows (synthetic_visits)" in told
    assert (project / "warehouse" / "current").resolve() == release


@pytest.mark.long
def test_the_graph_is_refused_where_made_up_rows_are_not_marked(project: Path) -> None:
    path = project / "models" / "purchase.yml"
    declared = path.read_text(encoding="utf-8")
    path.write_text(declared.replace("synthetic: is_synthetic", ""), encoding="utf-8")
    loaded = subprocess.run(
        [sys.executable, "-c", "import orchestration.definitions"],
        capture_output=True, text=True, timeout=900, check=False,
        env={**os.environ, "GOLDLOOP_PROJECT_DIR": str(project),
             "GOLDLOOP_HOME": str(project / "warehouse")},
    )  # fmt: skip
    assert loaded.returncode != 0
    assert "train.synthetic does not name the column that marks them" in loaded.stderr
