import re
from pathlib import Path

from simulator import dirt, truth
from simulator.tables import TABLES

PAGE = (Path(__file__).parents[3] / "docs/simulator.md").read_text(encoding="utf-8")


def _rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_states_the_coefficients_of_the_code():
    stated = {row[0]: float(row[-1].replace("−", "-")) for row in _rows("The planted truth")}
    assert stated == {
        **truth.COEFFICIENTS,
        "INTERCEPT": truth.INTERCEPT,
        "FRAILTY_SD": truth.FRAILTY_SD,
        "CALL_WINDOW_DAYS": truth.CALL_WINDOW_DAYS,
        "TASK_WINDOW_DAYS": truth.TASK_WINDOW_DAYS,
    }


def test_the_page_lists_every_table():
    assert [row[0] for row in _rows("What it writes")] == [table.full_name for table in TABLES]


def test_the_page_explains_every_kind_of_dirt():
    kinds = {kind for weights in dirt.FILE_KINDS.values() for kind in weights}
    kinds |= {kind for weights in dirt.BROKEN_ROWS.values() for kind in weights}
    kinds |= set(dirt.SHARED_ROW_KINDS) | {"redelivered_file"}
    assert {row[0] for row in _rows("The dirt")} == kinds


def test_the_weights_of_the_kinds_are_shares():
    for weights in (*dirt.FILE_KINDS.values(), dirt.PARQUET_KINDS):
        assert abs(sum(weights.values()) - 1) < 1e-9
    for format_ in ("csv", "jsonl"):
        total = sum(dirt.SHARED_ROW_KINDS.values()) + sum(dirt.BROKEN_ROWS[format_].values())
        assert abs(total - 1) < 1e-9
    assert re.search(r"`--dirt", PAGE)
