"""What changes with a column of a source, held against lineage: through SQL and trained models."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dataops.lineage.places import ML, Place
from orchestration.project import Project
from tests.conftest import Run
from tests.priced import write_priced
from tests.replay import Replay, Table, apart

VISITS, CAMPAIGNS = "landing.web__visits", "landing.ads__campaigns"
# What each column of a source becomes; keys stay keys.
CHANGES = {
    (VISITS, "visit_id"): "md5(visit_id)",
    (VISITS, "pages"): "pages * 3 % 11",
    (VISITS, "channel"): "case when pages % 3 = 0 then 'direct' else channel end",
    (VISITS, "is_bought"): "is_bought <> (pages % 5 = 0)",
    (VISITS, "visit_date"): "visit_date + cast(pages % 4 as integer)",
    (CAMPAIGNS, "channel"): "coalesce(map {'mail': 'search', 'search': 'mail'}[channel], channel)",
    (CAMPAIGNS, "cost"): "cost * cost",
    (CAMPAIGNS, "country"): "case channel when 'mail' then 'XX' else country end",
    (CAMPAIGNS, "note"): "note || '!'",
}
# Models that ask the registry, where every number is of all rows: lineage cannot tell them apart.
REGISTRY = {"evaluated", "important", "described", "drifted", "skewed", "buyers", "second"}
PAGE = Path(__file__).parents[2] / "docs" / "lineage.md"


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory, goldloop: Run) -> Replay:
    project = write_priced(tmp_path_factory.mktemp("priced") / "a project")
    assert goldloop("models", "install", project=project).returncode == 0
    done = goldloop("run", project=project)
    assert done.returncode == 0, done.stdout + done.stderr
    return Replay(Project.locate(project), tmp_path_factory.mktemp("replay"))


@pytest.mark.long
def test_nothing_changes_with_a_source_column_that_lineage_does_not_name(replay: Replay) -> None:
    before = replay.build()
    differ, _ = apart(before, replay.build(), set())
    assert not differ, "the same rows must give the same tables"
    steps, named, by_value = replay.lineage().steps, list[bool](), list[bool]()
    for (table, column), change in CHANGES.items():
        start = Place(table, column)
        walked = [*steps.walk([start], is_up=False, influences=True)]
        said = {start, *(step.child for step in walked)}
        after = replay.build(f"update {table} set {column} = {change}")
        wrong, right = apart(before, after, said)
        assert not wrong, f"{start} changes {sorted(map(str, wrong))}"
        # Lineage that named nothing would be found out, but for a column that nothing reads.
        assert bool(apart(before, after, {start})[0]) == (column != "note")
        made = {step.child for step in steps.walk([start], is_up=False, influences=False)}
        counted = [each for each in said if _is_counted(each, before)]
        named += [each in right for each in counted]
        by_value += [each in right for each in counted if each in made]
    # Naming every column would be right, too, and of no use: the page says how many did change.
    shares = [sum(each) / len(each) for each in (by_value, named)]
    stated = re.search(r"(\d+) % of the columns named by value.* (\d+) % of all", _page())
    assert stated
    assert [float(each) / 100 for each in stated.groups()] == pytest.approx(shares, abs=0.04)


@pytest.mark.long
def test_the_way_goes_through_a_model_that_sql_trains(replay: Replay, goldloop: Run) -> None:
    up = goldloop("lineage", "main_gold.behind.highest", project=replay.project.folder)
    for words in (
        "main_gold.second_told: score, is_bought",
        "through ml.second (second@1, logistic_regression, 2 features)",
        "learnt from main_gold.second__training: ",
        "through ml.purchase (purchase@1, logistic_regression, 2 features)",
        "(100.0%)",
    ):
        assert words in up.stdout, up.stdout + up.stderr


@pytest.mark.long
def test_dagster_has_the_same_lineage_by_assets(replay: Replay) -> None:
    instance = dg.DagsterInstance.from_config(str(replay.project.home / "dagster"))

    def above(asset: str, column: str) -> set[str]:
        event = instance.get_latest_materialization_event(dg.AssetKey(asset.split("/")))
        assert event is not None
        assert event.asset_materialization is not None
        found = event.asset_materialization.metadata["dagster/column_lineage"].value
        assert isinstance(found, dg.TableColumnLineage)
        deps = found.deps_by_column.get(column, ())
        told = {f"{each.asset_key.to_user_string()}.{each.column_name}" for each in deps}
        assert in_table(event.asset_materialization.metadata["column_lineage"], column) == told
        return told

    def in_table(table: Any, column: str) -> set[str]:
        [text] = [
            each.data["comes_from"] for each in table.records if each.data["column"] == column
        ]
        parts = [part.split(": ") for part in text.split("; ")]
        return {f"{asset}.{name}" for asset, names in parts for name in names.split(", ")}

    features = {f"main_gold/visit_features.{name}" for name in ("pages", "channel")}
    assert above("predictions/purchase", "score") == features | {"ml/purchase.version"}
    assert above("predictions/purchase", "visit_id") == {"main_gold/visit_features.visit_id"}
    assert "main_gold/visit_training.is_bought" in above("ml/purchase", "version")
    assert above("main_gold/visit_mart", "expected_share") == {"predictions/purchase.score"}
    # A model that SQL trains is the asset of its dbt model; the table of its rows is none.
    priced = {f"main_gold/priced.{name}" for name in ("pages", "channel", "cost")}
    assert above("main_gold/buyers_told", "score") == priced | {"main_gold/buyers.version"}
    assert "main_gold/visit_training.is_bought" in above("main_gold/buyers", "version")
    assert above("main_gold/evaluated", "value") == {"main_gold/buyers.metrics"}
    assert above("main_gold/purchase_told", "p_score") == features | {"ml/purchase.version"}


def _is_counted(place: Place, tables: Mapping[str, Table]) -> bool:
    """Whether ``place`` is a column that SQL makes or an ML model tells."""
    schema, _, name = place.relation.partition(".")
    columns = tables.get(place.relation, {})
    return schema not in (ML, "landing") and name not in REGISTRY and place.column in columns


def _page() -> str:
    return " ".join(PAGE.read_text(encoding="utf-8").split())
