"""docs/bigquery-ml.md: each line names a test that is there, and each macro stands on the page."""

import re
from pathlib import Path

import pytest

from orchestration.models.macros import CALLED, ML_MACROS
from tests.sql_shop import ASKS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "bigquery-ml.md"
TEXT = PAGE.read_text(encoding="utf-8")
TABLE = TEXT.split("| --- | --- | --- | --- |\n")[1].split("\n\n")[0].splitlines()


@pytest.mark.parametrize("line", TABLE, ids=lambda line: line.split("|")[1].strip())
def test_what_stands_here_is_run_by_the_test_the_line_names(line: str) -> None:
    _, theirs, ours, _, run_by, _ = re.split(r"(?<!\\)\|", line)
    (found,) = re.findall(r"\[`(test_\w+)`\]\(([^)]+)\)", run_by)
    name, file = found
    code = (PAGE.parent / file).read_text(encoding="utf-8")
    assert f"def {name}(" in code
    assert theirs.strip()
    for macro in re.findall(r"\bml_\w+(?=\()", ours):
        assert macro in CALLED
        asked = [model for model, call in ASKS.items() if call.startswith(f"{macro}(")]
        # The test builds every model of the shop, and reads a table of this macro.
        assert any(re.search(rf"\b{model}\b", code) or "ASKS" in code for model in asked)


def test_every_macro_that_sql_calls_stands_on_the_page_and_is_asked_by_a_test() -> None:
    told = set(re.findall(r"\bml_\w+(?=\()", "\n".join(TABLE)))
    assert told == set(CALLED) == {call.split("(")[0] for call in ASKS.values()}


def test_every_macro_and_argument_is_described() -> None:
    described = (ML_MACROS.folder / "_macros.yml").read_text(encoding="utf-8")
    for file in ML_MACROS.folder.glob("*.sql"):
        for name, arguments in re.findall(r"{% macro (\w+)\((.*?)\)", file.read_text(), re.DOTALL):
            (block,) = re.findall(
                rf"- name: {name}\n(.*?)(?=\n  - name: |\Z)", described, re.DOTALL
            )
            named = re.findall(r"{name: (\w+),", block)
            assert named == [each.split("=")[0].strip() for each in _split(arguments)], name


def _split(arguments: str) -> list[str]:
    return [each for each in arguments.split(",") if each.strip()]
