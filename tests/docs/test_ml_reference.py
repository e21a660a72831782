"""docs/ml.md says of each key, metric, preset and column what the code says, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from ml.declaration.measures import MEASURES
from ml.declaration.presets import PRESETS
from ml.declaration.refusals import keys_of
from ml.spec import Declaration, parse_spec
from ml.tables import COLUMNS, FEATURE_COLUMNS, PREDICTION_COLUMNS
from ml.task_columns import TASK_COLUMNS

# Keys that have no default and that every declaration here has.
_GIVEN = ("`train.time`", "`train.label`", "`estimator.preset`")
PAGE = (Path(__file__).parents[2] / "docs" / "ml.md").read_text(encoding="utf-8")


def rows_below(heading: str) -> list[list[str]]:
    """The cells of the first table below ``heading``, without its head."""
    after = PAGE.split(f"\n{heading}\n", maxsplit=1)[1]
    table = re.search(r"(?:^\|.*\n)+", after, re.MULTILINE)
    assert table
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in table[0].splitlines()[2:]
    ]


def declared(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, str, bool]]:
    """Each key of ``model`` and below: its dotted name, its description, whether it is required."""
    for name, field in keys_of(model).items():
        given = get_args(field.annotation)
        kinds = [kind for kind in given if kind not in (type(None), ...)]
        inner = kinds[-1] if kinds else field.annotation
        many = {tuple: "[]", Mapping: ".*"}.get(get_origin(field.annotation), "")
        yield f"{above}{name}", field.description or "", field.is_required()
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from declared(inner, f"{above}{name}{many}.")


def test_every_key_stands_on_the_page_as_the_code_describes_it() -> None:
    told = [
        (key.strip("`"), text, default == "required")
        for key, default, text in rows_below("## Keys")
    ]
    assert told == list(declared(Declaration))


def test_every_default_on_the_page_is_the_default() -> None:
    meta = {
        "problem": {
            "question": "q",
            "decision": "d",
            "success": [{"metric": "f1", "at_least": 0}],
        },
        "train": {"on": "t", "label": "y", "key": ["k"], "time": "d"},
        "estimator": {"preset": "boosted_trees"},
        "score": {"on": "t", "key": ["k"], "time": "d"},
    }
    spec = parse_spec("model", meta, file="m.yml").model_dump(mode="json", exclude_none=True)
    for key, default, _ in rows_below("## Keys"):
        above, last = f".{key.strip('`')}".rsplit(".", maxsplit=1)
        value = spec
        for step in above.split(".")[1:]:
            value = value.get(step) if isinstance(value, dict) else None
        if default == "required" or not value or key in _GIVEN:
            continue
        told = None if default == "none" else yaml.safe_load(default.strip("`"))
        assert told == value.get(last), key


def test_the_metrics_on_the_page_are_the_metrics() -> None:
    told = {name.strip("`"): rest for name, *rest in rows_below("### Metrics")}
    assert told == {
        each.name: [
            ", ".join(each.tasks),
            "higher" if each.higher_is_better else "lower",
            "yes" if each.ranks or "regression" in each.tasks else "no",
        ]
        for each in MEASURES.values()
    }


def test_the_presets_on_the_page_take_the_parameters_they_take() -> None:
    told = {
        name.strip("`"): (tasks.split(", "), set(re.findall(r"`(\w+)`", params)))
        for name, tasks, params in rows_below("### Presets")
    }
    assert told == {each.name: (list(each.tasks), set(each.params)) for each in PRESETS.values()}


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        *((f"### `{relation}`", columns) for relation, columns in COLUMNS.items()),
        ("## Predictions: `predictions.<model>`", PREDICTION_COLUMNS),
        ("### As features", FEATURE_COLUMNS),
        *((f"#### {task}", columns) for task, columns in TASK_COLUMNS.items()),
    ],
)
def test_the_tables_on_the_page_have_the_columns_they_have(
    heading: str, columns: dict[str, tuple[str, str]]
) -> None:
    told = {name.strip("`"): (type_, text) for name, type_, text in rows_below(heading)}
    assert told == {
        name: (type_ or "as the label", text) for name, (type_, text) in columns.items()
    }


def test_the_declaration_on_the_page_is_one() -> None:
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block
    (exposure,) = yaml.safe_load(block[1])["exposures"]
    spec = parse_spec(exposure["name"], exposure["config"]["meta"]["ml"], file="m.yml")
    assert spec.train.on == "trn_late_payment"
