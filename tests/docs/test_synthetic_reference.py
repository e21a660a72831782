"""docs/synthetic.md says what may be declared, and what the tables hold."""

import re
from pathlib import Path

from ml.synthetic.declaration import Synthetic
from ml.synthetic.tables import COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "synthetic.md").read_text(encoding="utf-8")


def test_every_key_stands_on_the_page_as_the_code_describes_it() -> None:
    part = PAGE.split("## Keys", 1)[1].split("\n## ", 1)[0]
    told = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+) \|$", part, re.MULTILINE)
    assert told == [
        (
            name,
            "required" if field.is_required() else _default(field.default),
            field.description,
        )
        for name, field in Synthetic.model_fields.items()
    ]


def test_every_column_of_every_table_stands_on_the_page() -> None:
    for relation, columns in COLUMNS.items():
        part = PAGE.split(f"### `{relation}`", 1)[1].split("\n### ", 1)[0]
        told = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+) \|$", part, re.MULTILINE)
        assert told == [(name, type_, text) for name, (type_, text) in columns.items()]


def _default(value: object) -> str:
    return "none" if value is None else f"`{value}`"
