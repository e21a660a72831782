import re
from pathlib import Path

from tests.integration.reliability.test_reliability import FEW
from tests.soak.cases import CASES

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"
ROW = re.compile(r"^\| `(\w+)` \| .* \| ([\d,]+) \| ([\d,]+) \|$", re.MULTILINE)


def test_the_page_names_the_cases_that_there_are_and_how_often_each_was_tried() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert [name for name, _, _ in rows] == list(CASES)
    assert all(tried == survived != "0" for _, tried, survived in rows)


def test_the_suite_has_a_short_version_of_every_case_but_that_of_whole_runs() -> None:
    assert {case.__name__ for case in FEW} == set(CASES) - {"kill_runs"}
