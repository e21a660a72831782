"""What a person and a program are shown of a difference."""

import io
import json

import pytest
from rich.console import Console

from dataops.differences import Difference, Sample, TableDifference, Value
from orchestration.differences import document, print_difference
from tests.unit.differences.told import Compared, T

ROWS = "create table gold.t as select * from (values (1, 10.0, 'a'), (2, 20.0, 'b')) as r(id, n, x)"


def shown(difference: Difference, then: str = "") -> str:
    console = Console(file=io.StringIO(), width=160)
    print_difference(difference, console, then=then)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def sampled(old: str | None, new: str | None) -> Difference:
    value = Value("x", old, new)
    sample = Sample("changed", (("id", "1"),), (value,))
    return Difference(tables=(TableDifference(T, 1, 1, ("id",), changed=1, samples=(sample,)),))


def test_only_what_differs_is_shown_and_the_last_line_says_what_to_do(compared: Compared) -> None:
    other = "; create table gold.quiet as select 1 as a"
    difference = compared(
        ROWS + other, f"{ROWS}{other}; update gold.t set n = 21 where id = 2", key=["id"]
    )
    text = shown(difference, then="goldloop rollback")
    assert "gold.t.n" in text
    assert "15 → 15.5" in text
    assert "20.0 → 21.0" in text
    assert "quiet" not in text
    assert "1 of 2 tables" in text
    assert text.splitlines()[-1] == "next: goldloop rollback"


def test_nothing_that_differs_is_one_line(compared: Compared) -> None:
    assert shown(compared(ROWS, ROWS)) == "nothing differs; tables compared: 1\n"


def test_long_values_are_shown_where_they_differ() -> None:
    text = shown(sampled("a" * 5000 + "b" * 100, "a" * 5000 + "c" * 100))
    assert "…aaaaaaaaaabbb" in text
    assert "…aaaaaaaaaaccc" in text
    assert len(text) < 2000


@pytest.mark.parametrize("hostile", ["[red]markup[/]", "[/]", "\x1b[2J", "a\rb", "\u202e"])
def test_a_value_can_neither_colour_nor_move_the_terminal(hostile: str) -> None:
    text = shown(sampled("x", hostile))
    assert not any(character in text for character in "\x1b\r\u202e")
    if hostile.isprintable():
        assert hostile in text


def test_null_is_told_from_its_word() -> None:
    assert "null → 'null'" in shown(sampled(None, "null"))


def test_the_document_is_json_with_names_for_relations_and_keys(compared: Compared) -> None:
    new = f"{ROWS}; update gold.t set n = 21 where id = 2; create view gold.v as select 1 as a"
    told = document(compared(ROWS, new, key=["id"]))
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["is_same"] is False
    (table,) = told["tables"]
    assert (table["relation"], table["changed"]) == ("gold.t", 1)
    assert table["samples"][0] == {
        "kind": "changed",
        "key": {"id": "2"},
        "values": [{"column": "n", "old": "20.0", "new": "21.0"}],
    }
    assert told["added"] == [{"relation": "gold.v", "kind": "view", "rows": None}]
