"""Feature views in a stranger's dbt project, built by dbt alone."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dataops.features.render import Renderer
from dataops.features.views import feature_views
from dataops.manifest import Manifest
from tests.conftest import Run
from tests.feature_project import DIRECT, VIEW, write_features
from tests.stranger import write_stranger

pytestmark = pytest.mark.long


class Dbt:
    """dbt alone, on a stranger's project with a warehouse file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "alone.duckdb"
        output = {"type": "duckdb", "path": str(self.file), "settings": {"TimeZone": "Asia/Tokyo"}}
        profile = {"stranger": {"target": "dev", "outputs": {"dev": output}}}
        (folder / "profiles.yml").write_text(yaml.safe_dump(profile))

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments],
            cwd=self.folder, env=os.environ | {"DO_NOT_TRACK": "1", "DBT_PROFILES_DIR": "."},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    @property
    def manifest(self) -> Manifest:
        return Manifest.read(self.folder / "target" / "manifest.json")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.file) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, goldloop: Run) -> Dbt:
    """A project with the macros installed, built by dbt alone."""
    project = write_stranger(tmp_path_factory.mktemp("features") / "project", visits=3)
    (project / "models/purchase.yml").unlink()
    (project / "models/visit_mart.sql").unlink()
    write_features(project)
    installed = goldloop("features", "install", project=project)
    assert installed.returncode == 0, installed.stderr
    dbt = Dbt(project)
    with duckdb.connect(dbt.file) as connection:
        connection.execute(
            "create schema landing; create table landing.web__visits as "
            f"from read_csv('{project}/landing/visits/*.csv')"
        )
    done = dbt("--warn-error", "build", "--select", "+trn_channels", "+trn_direct", "now_channels",
               "+ftr_behaviour")  # fmt: skip
    assert done.returncode == 0, done.stdout
    return dbt


def test_lineage_has_the_views_and_other_meta_stays(alone: Dbt) -> None:
    nodes = alone.manifest.raw["nodes"]
    for name in ("trn_channels", "trn_direct"):
        parents = nodes[f"model.stranger.{name}"]["depends_on"]["nodes"]
        assert set(parents) == {"model.stranger.moments", "model.stranger.ftr_channels"}
    assert nodes["model.stranger.trn_direct"]["config"]["meta"]["team"] == "web"
    assert (
        "model.stranger.ftr_channels"
        in (nodes["model.stranger.now_channels"]["depends_on"]["nodes"])
    )


def test_a_count_is_learnt_the_day_after(alone: Dbt) -> None:
    late = alone.rows(
        "select count(*) from main_gold.trn_direct as learnt "
        "left join main_gold.ftr_channels as fact on fact.channel = learnt.channel "
        "and fact.counted_on = learnt.as_of - 1 "
        "where fact.visits is not null and learnt.visits is distinct from fact.visits"
    )
    assert late == [(0,)]
    assert alone.rows("select count(visits) > 20 from main_gold.trn_direct") == [(True,)]


def test_dbt_compiles_what_serving_renders(alone: Dbt) -> None:
    views = feature_views(alone.manifest)
    node = alone.manifest.raw["nodes"]["model.stranger.trn_direct"]
    relations = {
        each["name"]: each["relation_name"] for each in alone.manifest.raw["nodes"].values()
    }
    renderer = Renderer({name: view.told for name, view in views.items()}, relations)
    served = renderer.training_set(relations["moments"], "as_of", ["ftr_channels"])
    compiled = alone.folder / "target/compiled/stranger" / node["original_file_path"]
    assert compiled.read_text().strip() == served.strip()


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (DIRECT.replace("'as_of'", "'asof'"), ["no column 'asof'", "channel, as_of", "keys, time"]),
        (DIRECT.replace("channels']", "channels.visit']"), ["'visit' is no feature", "visits"]),
        (
            DIRECT.replace("ref('moments')", "ref('ftr_channels')").replace("as_of", "counted_on"),
            ["the spine has a column 'visits'", "prefix=true"],
        ),
    ],
)
def test_dbt_itself_refuses_what_cannot_be_meant(alone: Dbt, sql: str, words: list[str]) -> None:
    model = alone.folder / "models/trn_direct.sql"
    model.write_text(sql)
    done = alone("compile", "--select", "trn_direct")
    model.write_text(DIRECT)
    assert done.returncode != 0
    for word in [*words, "trn_direct", " — "]:
        assert word in done.stdout


def test_an_event_time_of_text_and_a_double_row_are_named(alone: Dbt) -> None:
    view = alone.folder / "models/ftr_channels.sql"
    view.write_text(VIEW.replace("visit_date as", "cast(visit_date as varchar) as"))
    text = alone("build", "--select", "ftr_channels", "trn_direct")
    view.write_text(f"{VIEW} union all {VIEW}")
    double = alone("build", "--select", "ftr_channels", "trn_direct")
    view.write_text(VIEW)
    assert "ftr_channels.counted_on is a time of a feature view and its type is" in text.stdout
    assert re.search(r"FAIL \d+ one_row_per_event_ftr_channels", double.stdout)
    assert "SKIP relation main_gold.trn_direct" in double.stdout


def test_a_behaviour_is_built_from_its_yaml_by_dbt_alone(alone: Dbt) -> None:
    # A visit is known the day after: at midnight of a day those of the two days before count.
    wrong = alone.rows(
        "select count(*), count(*) filter (visits_3d <> ("
        "    select count(*) from main_gold.clicks as click"
        "    where click.channel = view.channel and click.visit_date < view.as_of"
        "    and click.visit_date >= view.as_of - interval 3 day and click.known_at <= view.as_of))"
        " from main_gold.ftr_behaviour as view"
    )
    assert wrong[0][0] > 20
    assert wrong[0][1] == 0


def test_dbt_itself_refuses_a_column_that_the_events_have_not(alone: Dbt) -> None:
    path = alone.folder / "models/features.yml"
    text = path.read_text()
    path.write_text(text.replace("time: visit_date", "time: visited"))
    done = alone("compile", "--select", "ftr_behaviour")
    path.write_text(text)
    assert "has no column 'visited'; it has: " in done.stdout
