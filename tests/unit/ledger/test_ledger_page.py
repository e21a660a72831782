"""docs/ledger.md says what the code does."""

import json
import re
from pathlib import Path

import duckdb
import yaml

from dataops.ledger import MOST_CHARACTERS, OUTCOMES, TABLE_COLUMNS, VERSION, Event, parse

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| `")]


def test_the_page_lists_every_key_of_a_line_in_its_order() -> None:
    keys = [cells[0].strip(" `") for cells in rows("A line")]
    assert keys == ["v", *Event.__dataclass_fields__]
    assert f"Version of the format: {VERSION}." in PAGE
    assert f"cut at {MOST_CHARACTERS:,} characters" in PAGE


def test_the_page_lists_every_kind_with_its_outcomes() -> None:
    told = {
        kind.strip(" `"): tuple(re.findall("`([a-z_]+)`", outcomes))
        for kind, outcomes, _ in rows("Kinds and outcomes")
    }
    assert told == OUTCOMES


def test_the_line_shown_is_an_event() -> None:
    [line] = re.findall(r"```json\n(.+)\n```", PAGE)
    event = parse(line.encode())
    assert event
    keys = ["v", *Event.__dataclass_fields__]
    assert list(json.loads(line)) == [key for key in keys if key in json.loads(line)]


def test_the_queries_shown_run_on_the_models_as_declared() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema ops")
        for table in [cells[0].strip(" `") for cells in rows("In the warehouse")]:
            path = ROOT / "models/ops" / f"{table.removeprefix('ops.')}.yml"
            [model] = yaml.safe_load(path.read_text())["models"]
            columns = ", ".join(f"{c['name']} {c['data_type']}" for c in model["columns"])
            connection.execute(f"create table {table} ({columns})")
        queries = re.findall(r"```sql\n(.+?)\n```", PAGE, re.DOTALL)
        assert len(queries) == 4
        for query in queries:
            connection.execute(query)


def test_the_declared_event_kinds_are_those_of_the_ledger() -> None:
    text = (ROOT / "models/bronze/ops/brz_ops__ledger.yml").read_text()
    assert f"values: [{', '.join(OUTCOMES)}]" in text
    assert "place" in TABLE_COLUMNS
