"""A column as the YAML of a model describes it."""

from collections.abc import Iterator

from dataops.scaffold.asked import Column
from dataops.scaffold.feature_sql import must_be_quoted
from dataops.scaffold.text import folded, quoted


def described(column: Column, indent: int, tested: bool = False) -> Iterator[str]:
    """Yield the lines of an item of ``columns``, with a test where nothing may be missing."""
    space = " " * indent
    # A type is plain YAML, but for the labels of an enum.
    kind = quoted(column.type) if "'" in column.type else column.type
    yield f"{space}- name: {quoted(column.name)}"
    if must_be_quoted(column.name):
        yield f"{space}  quote: true"
    yield f"{space}  data_type: {kind}"
    yield from folded("description", column.description or f"The {column.name}.", indent + 2)
    if tested:
        yield f"{space}  data_tests: [not_null]"
