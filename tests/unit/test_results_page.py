"""docs/results.md: every example stands in it, and one that is not run again keeps its rows."""

from pathlib import Path

import pytest

pytest.importorskip("skimage")

from bench.real_data import EXAMPLES, PAGE, _kept, _page

ROOT = Path(__file__).parents[2]


def test_every_example_is_run_and_has_its_rows_on_the_page() -> None:
    projects = {path.parent.name for path in (ROOT / "examples").glob("*/dbt_project.yml")}
    assert projects == set(EXAMPLES)
    rows = _kept(PAGE.read_text(encoding="utf-8"))
    assert [name for name, lines in rows.items() if not lines] == []


def test_a_page_written_again_is_the_same_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert _page(_kept(page)).splitlines()[6:] == page.splitlines()[6:]
