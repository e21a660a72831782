"""docs/experiments.md says what may be typed after goldloop experiment, and what comes of it."""

import re
import shlex
from pathlib import Path
from typing import get_args

import typer.main

from ml.data.dataset import find_training_set
from ml.experiment.asking import WITH, WITHOUT, Asked, read_changes
from ml.experiment.judged import FOLDS
from ml.experiment.result import Verdict
from orchestration.cli import app
from tests.unit.ml.world import NOW, small_world

PAGE = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text(encoding="utf-8")


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


def test_every_example_on_the_page_can_be_typed() -> None:
    """The columns and the view of the examples are put into a small training set."""
    world = small_world()
    for name in ("negative_tone_90_days", "task_seconds_30_days", "column"):
        world.sql(f'alter table gold.trn add column "{name}" integer default 1')
    spec = world.spec()
    found = find_training_set(world.conn, spec, world.relations, NOW)
    views = {"ftr_support": ("calls_30d", "a")}
    commands = re.findall(r"^goldloop experiment ((?:.*\\\n)*.*)$", PAGE, re.MULTILINE)
    typed = [shlex.split(command.replace("\\\n", "")) for command in commands]
    typed += [["x", *word.split()] for word in rows("What can be tried") if " " in word]
    excluded = world.spec({"train.features": {"exclude": ["column"]}})
    idle = find_training_set(world.conn, excluded, world.relations, NOW)
    assert len(typed) > 8
    for _, *words in typed:
        pairs = list(zip(words[::2], words[1::2], strict=True))
        more, less = ([w for o, w in pairs if o == each] for each in ("--with", "--without"))
        is_idle = "column" in more
        changes = read_changes(
            Asked(more, less), excluded if is_idle else spec, idle if is_idle else found, views
        )
        said = [f"--with {word}" for word in more] + [f"--without {word}" for word in less]
        assert [change.said for change in changes] == said
