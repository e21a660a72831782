"""What the pages on judging and promoting show is so."""

import re
from pathlib import Path

import pytest
import yaml

from ml.score import score_shadow
from ml.versions import registry
from ml.versions.provenance import Provenance
from orchestration.cli.models import models
from tests.unit.ml.world import NOW, World, declare, small_world

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = {name: (HOW_TO / f"{name}.md").read_text() for name in ("judge", "promote")}
QUERIES = [
    (name, query)
    for name, page in PAGES.items()
    for query in re.findall(r"```sql\n(.+?)\n```", page, re.DOTALL)
]


@pytest.fixture(scope="module")
def world() -> World:
    """A champion and a challenger that have scored, by the names the pages use."""
    world = small_world()
    for table in ("trn", "ftr"):
        world.sql(f"alter table gold.{table} rename id to customer_id")
    world.name = "churn"
    world.changes = {"train.key": ["customer_id"], "score.key": ["customer_id"]}
    world.changes["evaluate"] = {"segments": ["c"]}
    world.train()
    world.score()
    waits = {"problem.champion": {"rule": "manual"}, "estimator.seed": 1}
    assert world.train(waits).status == "challenger"
    score_shadow(world.conn, world.spec(waits), world.relations, Provenance("r"), now=NOW)
    assert registry.champion(world.conn, "churn").version == 1
    return world


@pytest.mark.parametrize(("page", "query"), QUERIES)
def test_every_query_on_the_pages_finds_something(world: World, page: str, query: str) -> None:
    rows = world.sql(query)
    assert rows
    assert None not in rows[0], page


def test_every_command_on_the_pages_is_one() -> None:
    there = {each.name or each.callback.__name__ for each in models.registered_commands}
    named = {
        command
        for page in PAGES.values()
        for command in re.findall(r"goldloop models ([a-z]+) ", page)
    }
    assert named == {"show", "compare", "promote", "retire", "rollback"}
    assert named <= there


def test_the_declaration_on_the_page_is_one() -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGES["judge"], re.DOTALL)
    shown = yaml.safe_load(block)
    spec = World(None, changes=shown).spec()  # type: ignore[arg-type]
    assert len(spec.problem.success) == 3
    assert spec.evaluate.segments == ("country", "plan")
    assert declare()["train"]["label"] == spec.train.label
