"""docs/ingest.md says what the code does."""

import re
from pathlib import Path

from dataops.landing.declaration import FORMATS, KEYS, LandingSource
from dataops.landing.records import LONGEST_RECORD_BYTES
from dataops.landing.tables import FILES, FILES_COLUMNS, OWN_COLUMNS, REJECTS, REJECTS_COLUMNS
from ml.relation import Relation

PAGE = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text(encoding="utf-8")


def table_keys(heading: str) -> list[str]:
    section = PAGE.split(heading, 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)


def test_the_page_lists_every_key_of_the_declaration_and_no_other() -> None:
    assert table_keys("## Keys of `config.meta.landing`") == list(KEYS)


def test_the_page_lists_every_column_that_ingest_adds() -> None:
    assert table_keys("## What is added to a record") == list(OWN_COLUMNS)


def test_the_page_names_every_format_and_the_defaults_are_as_written() -> None:
    assert [name for name in FORMATS if f"`{name}`" not in PAGE] == []
    plain = LandingSource("a.b", Relation("landing", "b"), "f", "p", "csv", ())
    assert (plain.key, plain.delivered_at, plain.optional, plain.delimiter) == ((), None, (), ",")


def test_the_page_lists_every_column_of_files_and_rejects_and_no_other() -> None:
    for table, columns in ((FILES, FILES_COLUMNS), (REJECTS, REJECTS_COLUMNS)):
        (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{table}` |")]
        assert re.findall("`([a-z0-9_]+)`", line.split("|")[3]) == list(columns)


def test_the_page_tells_the_longest_record() -> None:
    assert f"beyond {LONGEST_RECORD_BYTES >> 20} MiB" in PAGE
