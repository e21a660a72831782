"""docs/clickstream.md says of each key what the code says, and its example is taken by it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from dataops.features.behaviour import Behaviour, Measure
from dataops.features.declaration import FeatureView
from dataops.features.installed import CALLED
from ml.declaration.refusals import keys_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "clickstream.md").read_text(encoding="utf-8")
TABLES = PAGE.split("| key | default | what it says |\n| --- | --- | --- |\n")[1:]


def default(value: Any, is_required: bool) -> str:
    return "required" if is_required else "none" if value is None else f"`{value}`"


@pytest.mark.parametrize(("table", "model"), list(zip(TABLES, (Behaviour, Measure), strict=True)))
def test_every_key_stands_on_the_page_as_the_code_describes_it(
    table: str, model: type[BaseModel]
) -> None:
    told = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", table.split("\n\n")[0], re.MULTILINE)
    assert told == [
        (name, default(field.default, field.is_required()), field.description)
        for name, field in keys_of(model).items()
    ]


def test_the_declaration_on_the_page_is_one() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (model,) = yaml.safe_load(block)["models"]
    view = FeatureView.model_validate(model["config"]["meta"]["feature_view"])
    declared = Behaviour.model_validate(model["config"]["meta"]["behaviour"])
    described = [column["name"] for column in model["columns"]]
    assert described == [*view.entity, *declared.features, view.event_time]


def test_the_reasons_of_dead_letters_are_those_of_the_macro() -> None:
    macro = (ROOT / "dataops/features/macros/judged_events.sql").read_text(encoding="utf-8")
    rows = PAGE.split("| reason | what is wrong |\n| --- | --- |\n")[1].split("\n\n")[0]
    told = {
        each for row in rows.splitlines() for each in re.findall("`([^`]+)`", row.split("|")[1])
    }
    assert told == set(re.findall(r"then '([^']+)'", macro))


@pytest.mark.parametrize("macro", CALLED[2:])
def test_every_macro_that_models_call_is_on_the_page(macro: str) -> None:
    assert re.search(rf"\b{macro}\(", PAGE)
