"""docs/tutorial-add-a-feature.md, walked as it stands: every command of it, and its one edit."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial-add-a-feature.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
FEATURE = "slowest_task_seconds_60_days"
NUMBER = r"\d+\.\d{4}"
# A gain and the bounds of it, a sign before each.
INTERVAL = rf"{NUMBER}\W+{NUMBER} to -?{NUMBER}"


class Walk:
    """A copy of the shipped project and what each command of the page said in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: dict[str, str] = {}
        for name in ("dbt_project.yml", "profiles.yml", "goldloop.yml", ".sqlfluff"):
            shutil.copy(ROOT / name, folder / name)
        macros = ("macros", "dataops/features/macros", "orchestration/dbt_plugin/macros")
        for name in ("models", *macros, "seeds", "tests/dbt", "contracts"):
            shutil.copytree(ROOT / name, folder / name)

    def block(self, language: str, before: str, text: str) -> None:
        """Do what a block of the page says; ``before`` is the prose above it."""
        if language == "sql":
            file = re.findall(r"`(models/\S+?\.sql)`", before)[-1]
            assert (self.folder / file).is_file(), file
            (self.folder / file).write_text(text)
            return
        for command in text.splitlines():
            self.said[command] = self.call(command)

    def call(self, command: str) -> str:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("GOLDLOOP", "DAGSTER"))}
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, capture_output=True, text=True, check=False,
            env=clean | {"PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "200"},
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        file = (self.folder / "warehouse/current/warehouse.duckdb").resolve()
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    walk = Walk(tmp_path_factory.mktemp("tutorial"))
    parts = re.split(r"```(\w+)\n(.*?)```", PAGE, flags=re.DOTALL)
    for before, language, text in zip(parts[0::3], parts[1::3], parts[2::3], strict=False):
        walk.block(language, before, text)
    return walk


def test_the_walk_ends_with_a_version_that_has_learnt_from_the_feature(walk: Walk) -> None:
    [(features,)] = walk.rows(
        "select features from ml.model_versions where model = 'churn' and version = 2"
    )
    assert FEATURE in [each["name"] for each in json.loads(str(features))]
    measured = walk.rows(f"select count(*) from ml.importances where feature = '{FEATURE}'")
    assert measured == [(1,)]


def test_the_gain_is_shown_with_its_interval(walk: Walk) -> None:
    told = walk.said["goldloop models compare churn@1 churn@2"]
    assert "gain of churn@2" in told
    assert re.search(rf"roc_auc\W+{NUMBER}\W+{NUMBER}\W+{INTERVAL}", told)


def test_an_experiment_tells_what_leaving_the_feature_out_costs(walk: Walk) -> None:
    told = walk.said[f"goldloop experiment churn --without {FEATURE}"]
    assert re.search(rf"without {FEATURE}\W+{NUMBER}\W+{INTERVAL}\W+(better|worse|no|cannot)", told)


def test_the_page_keeps_to_one_file_of_sql() -> None:
    assert "in one SQL file" in PAGE
    assert PAGE.count("```sql\n") == 1


def test_ci_tries_the_feature_with_its_tests_and_its_contract(walk: Walk) -> None:
    told = walk.said["goldloop ci"]
    assert "smoke: everything runs" in told
    assert "slim: what changed holds" in told
    assert re.search(r"contracts: (\d+) of \1 checks passed", told)


def test_the_search_finds_what_is_there_and_the_page_says_who_uses_it(walk: Walk) -> None:
    assert (
        "no feature is called or described by"
        in (walk.said["goldloop features search slow task seconds"])
    )
    assert "task_seconds_60_days" in walk.said["goldloop features search task seconds"]
    assert "churn 0." in walk.said["goldloop features show task_seconds_60_days"]
    shown = walk.said[f"goldloop features show ftr_{FEATURE}"]
    assert re.search(rf"churn -?{NUMBER}", shown)


def test_what_is_written_is_in_the_style_and_parses_without_a_warning(walk: Walk) -> None:
    written = [f"models/gold/features/{name}.sql" for name in (f"ftr_{FEATURE}", "ftr_customers")]
    walk.call(f"sqlfluff lint {' '.join(written)}")
    walk.call("dbt --quiet --warn-error parse --no-partial-parse --profiles-dir .")
