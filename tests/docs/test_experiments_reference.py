"""docs/experiments.md says what may be typed after goldloop experiment, and what comes of it."""

import re
import shlex
from pathlib import Path
from typing import Any, get_args

import duckdb
import pytest
import typer.main
import yaml

from ml.data.dataset import find_training_set
from ml.experiment.asking import WITH, WITHOUT, Asked, read_changes
from ml.experiment.judged import FOLDS
from ml.experiment.result import Verdict
from ml.relation import Relation
from ml.spec import parse_spec
from orchestration.cli.main import app
from tests.unit.ml.world import NOW, World

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
PAGE = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")


def rows(section: str) -> dict[str, str]:
    part = PAGE.split(f"## {section}", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", part, re.MULTILINE))


def test_every_word_stands_on_the_page_as_the_code_describes_it() -> None:
    told = rows("What can be tried")
    for option, words in (("--with", WITH), ("--without", WITHOUT)):
        for word, text in words.items():
            assert told[f"{option} {word}"] == text


def test_every_option_of_the_command_stands_on_the_page_and_no_other() -> None:
    command = typer.main.get_command(app).commands["experiment"]  # type: ignore[attr-defined]
    options = {option for each in command.params for option in each.opts if option[:2] == "--"}
    told = {word for word in rows("What can be tried") if " " not in word}
    assert told == options - {"--with", "--without", "--help"}
    assert f"up to {FOLDS}, unless given" in PAGE


def test_every_verdict_stands_on_the_page_and_no_other() -> None:
    assert list(rows("How it is judged")) == list(get_args(Verdict))


def described(file: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the meta of the shipped model of ``file`` and its columns with their types."""
    (model,) = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    columns = {each["name"]: each.get("data_type", "varchar") for each in model["columns"]}
    return model.get("config", {}).get("meta", {}), columns


def shipped_views() -> dict[str, tuple[str, ...]]:
    views = {}
    for file in (MODELS / "gold" / "features").glob("*.yml"):
        meta, columns = described(file)
        if view := meta.get("feature_view"):
            own = {*view["entity"], view["event_time"], view["known_time"]}
            views[file.stem] = tuple(name for name in columns if name not in own)
    return views


def shipped_training() -> tuple[World, dict[str, Any]]:
    """Return a world with a table of the columns of trn_churn, and the declaration of churn."""
    _, columns = described(MODELS / "gold" / "training" / "trn_churn.yml")
    (exposure,) = yaml.safe_load((MODELS / "gold/ml/churn.yml").read_text())["exposures"]
    world = World(duckdb.connect(), relations={"trn_churn": Relation("gold", "trn_churn")})
    values = {"customer_id": "i", "as_of_date": "date '2025-01-01' + i", "is_churned": "i % 2 = 0"}
    told = (f"cast({values.get(n, 1)} as {kind}) as {n}" for n, kind in columns.items())
    world.sql("create schema gold")
    world.sql(
        f"create table gold.trn_churn as select {', '.join(told)} from range(20) r(n), "
        "lateral (select n::integer as i)"
    )
    return world, exposure["config"]["meta"]["ml"]


def typed() -> list[list[str]]:
    """Return the words of each command and each change on the page."""
    commands = re.findall(r"^goldloop experiment churn ((?:.*\\\n)*.*)$", PAGE, re.MULTILINE)
    words = [shlex.split(command.replace("\\\n", "")) for command in commands]
    assert len(words) == 2
    return words + [word.split() for word in rows("What can be tried") if " " in word]


@pytest.mark.parametrize("words", typed(), ids=" ".join)
def test_every_example_on_the_page_can_be_typed_of_the_shipped_project(words: list[str]) -> None:
    world, declared = shipped_training()
    pairs = list(zip(words[::2], words[1::2], strict=True))
    more, less = ([w for o, w in pairs if o == each] for each in ("--with", "--without"))
    if more == ["plan_tier"]:
        # The example of a column that is no feature as declared; in churn every column is one.
        declared["train"]["features"] = {"exclude": more}
    spec = parse_spec("churn", declared, file="churn.yml")
    found = find_training_set(world.conn, spec, world.relations, NOW)
    changes = read_changes(Asked(more, less), spec, found, shipped_views())
    said = [f"--with {word}" for word in more] + [f"--without {word}" for word in less]
    assert [change.said for change in changes] == said


def test_every_view_and_column_named_on_the_page_is_one_of_the_shipped_project() -> None:
    views = shipped_views()
    _, columns = described(MODELS / "gold" / "training" / "trn_churn.yml")
    assert set(re.findall(r"\b(?:ftr|trn)_\w+", PAGE)) <= {*views, "trn_churn"}
    named = set(re.findall(r"\b\w+_days\b", PAGE.replace("*_30_days", "")))
    assert named
    assert named <= {*columns, *(name for names in views.values() for name in names)}
