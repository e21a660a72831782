"""Random pairs of tables, held against a diff of plain loops."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dataops.differences import TableDifference, compare
from ml.relation import Relation, quote

NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\0"), min_size=1, max_size=4
)
TYPES: dict[str, st.SearchStrategy[Any]] = {
    "bigint": st.integers(-3, 3),
    "hugeint": st.sampled_from([-(2**100), 0, 2**100, 2**100 + 1]),
    "double": st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf, -math.inf]),
    "decimal(9, 2)": st.sampled_from([Decimal("0.10"), Decimal("-1.25")]),
    "varchar": st.sampled_from(["", "a", "A", "a'b", "ñ", "NULL"]),
    "blob": st.sampled_from([b"", b"\0", b"\xff\x00"]),
    "timestamp": st.sampled_from([datetime(1, 1, 1), datetime(2025, 1, 1, 0, 0, 0, 1)]),
    "bigint[]": st.lists(st.one_of(st.none(), st.integers(0, 1)), max_size=2),
    "struct(a bigint, b varchar)": st.fixed_dictionaries(
        {"a": st.one_of(st.none(), st.integers(0, 1)), "b": st.sampled_from([None, "x"])}
    ),
}
Row = tuple[Any, ...]
Table = tuple[str, list[tuple[str, str]], Sequence[Row]]
Tables = Sequence[Table]
Keys = Mapping[str, list[str]]
SCHEMA = "main data"


@dataclass(frozen=True)
class World:
    """A table's name and columns (the first ``width`` are its key), its old and its new rows."""

    name: str
    columns: list[tuple[str, str]]
    width: int
    old: list[Row]
    new: list[Row]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Many of the new rows are old ones."""
    types = draw(st.lists(st.sampled_from(list(TYPES)), min_size=2, max_size=4))
    size = len(types)
    names = draw(st.lists(NAMES, min_size=size, max_size=size, unique_by=str.casefold))
    row = st.tuples(*(st.one_of(st.none(), TYPES[type_]) for type_ in types))
    old = draw(st.lists(row, max_size=6))
    kept = st.sampled_from(old) if old else row
    new = draw(st.lists(st.one_of(kept, row), max_size=6))
    columns = list(zip(names, types, strict=True))
    return World(draw(NAMES), columns, draw(st.integers(0, 2)), old, new)


def canonical(value: Any) -> Any:
    """Equal exactly when DuckDB's values are: one not-a-number, one zero."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value + 0.0
    if isinstance(value, list):
        return ("list", *map(canonical, value))
    if isinstance(value, dict):
        return ("struct", *((name, canonical(each)) for name, each in sorted(value.items())))
    return value


def write(path: Path, tables: Sequence[Table]) -> None:
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("begin")
        connection.execute(f"create schema {quote(SCHEMA)}")
        for name, columns, rows in tables:
            table = Relation(SCHEMA, name).sql
            typed = ", ".join(f"{quote(column)} {type_}" for column, type_ in columns)
            connection.execute(f"create table {table} ({typed})")
            for row in rows:
                marks = ", ".join("?" * len(row))
                connection.execute(f"insert into {table} values ({marks})", list(row))
        connection.execute("commit")


def plain_diff(old: list[Row], new: list[Row], width: int) -> tuple[int, int, int, list[int]]:
    """Added, removed and changed rows by the first ``width`` values, and changes by column."""
    before = {row[:width]: row for row in old}
    after = {row[:width]: row for row in new}
    both = [(before[key], after[key]) for key in before if key in after]
    changes = [sum(o[at] != n[at] for o, n in both) for at in range(len((old or new)[0]))]
    changed = sum(o != n for o, n in both)
    return len(after.keys() - before.keys()), len(before.keys() - after.keys()), changed, changes


def differing(folder: Path, old: Tables, new: Tables, keys: Keys) -> dict[str, TableDifference]:
    write(folder / "old.duckdb", old)
    write(folder / "new.duckdb", new)
    difference = compare(
        folder / "old.duckdb",
        folder / "new.duckdb",
        keys={Relation(SCHEMA, name): key for name, key in keys.items()},
        samples=3,
    )
    assert difference.compared == len(old)
    return {table.relation.name: table for table in difference.tables}


# Making examples smaller would take minutes: each of them writes two files.
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(worlds=st.lists(worlds(), min_size=6, max_size=8))
def test_rows_by_key_or_as_a_multiset_are_what_plain_loops_find(
    tmp_path: Path, worlds: list[World]
) -> None:
    named = {f"{at} {world.name}": world for at, world in enumerate(worlds)}
    found = differing(
        tmp_path,
        [(name, world.columns, world.old) for name, world in named.items()],
        [(name, world.columns, world.new) for name, world in named.items()],
        {
            name: [column for column, _ in world.columns[: world.width]]
            for name, world in named.items()
        },
    )
    for name, world in named.items():
        check(world, found.get(name))


def check(world: World, result: TableDifference | None) -> None:
    before, after = (
        [tuple(map(canonical, row)) for row in rows] for rows in (world.old, world.new)
    )
    width, names = world.width, [name for name, _ in world.columns]
    is_key = width > 0 and all(
        len({row[:width] for row in rows}) == len(rows) for rows in (before, after)
    )
    if Counter(before) == Counter(after):
        assert result is None
        return
    assert result is not None
    assert (result.rows_before, result.rows_after) == (len(before), len(after))
    if is_key:
        added, removed, changed, changes = plain_diff(before, after, width)
        told = {column.name: column.changed for column in result.columns}
        assert told == {n: c for n, c in zip(names, changes, strict=True) if c}
        assert result.key == tuple(names[:width])
    else:
        added = (Counter(after) - Counter(before)).total()
        removed = (Counter(before) - Counter(after)).total()
        changed = 0
        assert result.key == ()
        assert result.note
    assert (result.added, result.removed, result.changed) == (added, removed, changed)
    kinds = Counter(sample.kind for sample in result.samples)
    assert kinds["changed"] == min(3, changed)
    assert (kinds["added"] > 0, kinds["removed"] > 0) == (added > 0, removed > 0)


@pytest.mark.parametrize("key", [[], ["id"]])
def test_two_rows_that_swap_a_value_are_not_taken_for_equal(tmp_path: Path, key: list[str]) -> None:
    columns = [("id", "bigint"), ("v", "bigint")]
    old, new = [], []
    for at in range(0, 40, 2):
        old.append((str(at), columns, [(at, at * 7), (at + 1, at * 5 + 3)]))
        new.append((str(at), columns, [(at, at * 5 + 3), (at + 1, at * 7)]))
    found = differing(tmp_path, old, new, {name: key for name, *_ in old})
    assert len(found) == len([table for table in old if table[2][0][1] != table[2][1][1]])
