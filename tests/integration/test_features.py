"""Feature views in a stranger's dbt project: dbt by itself, and the commands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dataops.features.installed import MACROS
from dataops.features.render import Renderer
from dataops.features.views import feature_views
from dataops.manifest import Manifest
from tests.conftest import Run
from tests.stranger import write_stranger

VIEW = """
select
    channel,
    count(*) as visits,
    visit_date as counted_on,
    cast(visit_date as timestamp) + interval 1 day as known_at
from {{ source('web', 'visits') }}
group by channel, visit_date
"""
SPINE = "select distinct channel, visit_date as as_of from {{ source('web', 'visits') }}"
TRAINING = """
with moments as (select * from {{ ref('moments') }}),

final as (
    {{ training_set(spine='moments', time='as_of', features=['ftr_channels.visits']) }}
)

select * from final
"""
DIRECT = "{{ training_set(spine=ref('moments'), time='as_of', features=['ftr_channels']) }}"
SNAPSHOT = "{{ feature_snapshot(features=['ftr_channels'], as_of=\"date '2025-01-20'\") }}"
DECLARED = {
    "entity": ["channel"],
    "event_time": "counted_on",
    "known_time": "known_at",
    "ttl": "7 days",
    "owner": "Web",
}
CLICKS = """
select *, 'visit' as what, cast(visit_date as timestamp) + interval 1 day as known_at
from {{ source('web', 'visits') }}
"""
BEHAVIOUR = {
    "event": "what",
    "time": "visit_date",
    "known": "known_at",
    "every": "1 day",
    "features": {"visits_3d": {"count": "visit", "over": "3 days"}},
}
EVERY_DAY = DECLARED | {"event_time": "as_of", "known_time": "as_of"}
FILES = {
    "clicks": CLICKS,
    "ftr_behaviour": "{{ behaviour(ref('clicks')) }}",
    "ftr_channels": VIEW,
    "moments": SPINE,
    "trn_channels": TRAINING,
    "trn_direct": DIRECT,
    "now_channels": SNAPSHOT,
}


def properties() -> dict[str, Any]:
    names = ("channel", "visits", "counted_on", "known_at")
    override = {"ftr_channels": DECLARED | {"features": ["visits"]}}
    return {
        "models": [
            {
                "name": "ftr_channels",
                "config": {"meta": {"feature_view": DECLARED}},
                "columns": [{"name": name, "description": name} for name in names],
                "data_tests": ["one_row_per_event"],
            },
            {"name": "trn_direct", "config": {"meta": {"team": "web"}}},
            {
                "name": "clicks",
                "columns": [
                    {"name": name} for name in ("channel", "visit_date", "what", "known_at")
                ],
            },
            {
                "name": "ftr_behaviour",
                "config": {"meta": {"feature_view": EVERY_DAY, "behaviour": BEHAVIOUR}},
                "columns": [
                    {"name": name, "description": name}
                    for name in ("channel", "visits_3d", "as_of")
                ],
                "data_tests": ["one_row_per_event"],
            },
        ],
        "unit_tests": [
            {
                "name": "yesterdays_visits_are_known_today",
                "model": "trn_channels",
                "overrides": {"macros": {"feature_views": override}},
                "given": [
                    {"input": "ref('moments')", "rows": [{"channel": "a", "as_of": "2025-01-02"}]},
                    {
                        "input": "ref('ftr_channels')",
                        "rows": [
                            {"channel": "a", "visits": day, "counted_on": f"2025-01-0{day}",
                             "known_at": f"2025-01-0{day + 1}"}
                            for day in (1, 2)
                        ],
                    },
                ],
                "expect": {"rows": [{"channel": "a", "visits": 1}]},
            }
        ],
    }  # fmt: skip


def write_features(project: Path) -> None:
    for name, sql in FILES.items():
        (project / f"models/{name}.sql").write_text(sql)
    (project / "models/features.yml").write_text(yaml.safe_dump(properties()))


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


@pytest.mark.parametrize(("file", "old", "new", "words"), WRONG)
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
