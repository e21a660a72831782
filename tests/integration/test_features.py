"""Feature views in a stranger's dbt project: runs and the commands."""

import json
from pathlib import Path

import duckdb
import pytest
import yaml

from dataops.features.installed import MACROS
from tests.conftest import Run
from tests.feature_project import write_features
from tests.stranger import write_stranger

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, goldloop: Run) -> Path:
    """A project whose run was told off for the macros it lacked, and then went through."""
    project = write_stranger(tmp_path_factory.mktemp("released") / "project", visits=3)
    (project / "models/purchase.yml").unlink()
    (project / "models/visit_mart.sql").unlink()
    write_features(project)
    lacking = goldloop("run", project=project)
    assert lacking.returncode == 2
    assert "a macro the project has not — type: goldloop features install" in lacking.stderr
    assert goldloop("features", "install", project=project).returncode == 0
    done = goldloop("run", project=project)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_the_features_of_one_entity_are_read_as_training_read_them(
    released: Path, goldloop: Run
) -> None:
    done = goldloop("features", "get", "--entity", "channel=mail", "--as-of", "2025-01-20",
                    "--json", project=released)  # fmt: skip
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)["views"]["ftr_channels"]
    file = released / "warehouse/current/warehouse.duckdb"
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        learnt = connection.execute(
            "select visits from main_gold.trn_direct "
            "where channel = 'mail' and as_of = '2025-01-20'"
        ).fetchall()
    if learnt:
        assert learnt == [(read["features"]["visits"],)]
    assert read["event_time"] <= "2025-01-19"
    # A view whose time is called as the moment asked for.
    counted = json.loads(done.stdout)["views"]["ftr_behaviour"]
    assert counted["event_time"] == "2025-01-20 00:00:00"
    assert counted["features"]["visits_3d"] >= 0
    shown = goldloop("features", "get", "--entity", "channel=mail", project=released)
    assert "ftr_channels" in shown.stdout


SQL, YML, ASKED = "trn_direct.sql", "features.yml", "ftr_channels'"
WRONG = [
    (SQL, ASKED, "ftr_chanels'", ["'ftr_chanels'", "ftr_channels", "trn_direct"]),
    (SQL, ASKED, "moments'", ["'moments' is no feature view", "ftr_channels"]),
    (SQL, ASKED, "ftr_channels.vists'", ["'vists'", "visits", "trn_direct.sql"]),
    (YML, "ttl: 7 days", "ttl: a week", ["'a week'", "30 days", "features.yml"]),
    (YML, "known: known_at", "known: known", ["known is 'known'", "known_at", "ftr_behaviour"]),
    (YML, "count: visit", "cuont: visit", ["visits_3d.cuont", "count"]),
    (YML, "- one_row_per_event", "- unique: {column_name: visits}", ["one_row_per_event"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    WRONG,
)
def test_a_run_refuses_what_is_declared_wrongly_before_anything_runs(
    released: Path, goldloop: Run, file: str, old: str, new: str, words: list[str]
) -> None:
    path = released / "models" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    done = goldloop("run", project=released)
    path.write_text(text)
    assert done.returncode == 2, done.stdout + done.stderr
    assert [word for word in words if word not in done.stderr] == []
    assert len(list((released / "warehouse/releases").iterdir())) == 1


def test_the_shipped_project_reads_the_folder_that_others_get() -> None:
    root = Path(__file__).parents[2]
    project = yaml.safe_load((root / "dbt_project.yml").read_text())
    assert str(MACROS.relative_to(root)) in project["macro-paths"]
