"""What is told of tables: columns, rows, samples, and what is kept back."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dataops.differences import MASKED, Retyped, Value, Whole, compare
from dataops.differences.difference import Column
from ml.errors import PipelineError
from ml.relation import Relation
from tests.unit.differences.told import Compared, T, table

ROWS = "create table gold.t as select * from (values (1, 10.0, 'a'), (2, 20.0, 'b')) as r(id, n, x)"


def test_a_changed_value_is_told_with_its_key_its_mean_and_its_distance(compared: Compared) -> None:
    found = table(compared(ROWS, f"{ROWS}; update gold.t set n = 26.5 where id = 2", key=["id"]))
    assert (found.added, found.removed, found.changed) == (0, 0, 1)
    (column,) = found.columns
    assert (column.name, column.changed, column.largest) == ("n", 1, 6.5)
    assert (column.mean_before, column.mean_after) == (15.0, 18.25)
    (sample,) = found.samples
    assert (sample.kind, sample.key) == ("changed", (("id", "2"),))
    assert sample.values == (Value("n", "20.0", "26.5"),)


def test_a_masked_columns_changes_are_counted_but_its_values_never_leave(
    compared: Compared,
) -> None:
    new = f"{ROWS}; update gold.t set x = 'secret', n = 99; insert into gold.t values (777, 3, 'y')"
    masked = {T: ["X", "n", "id"]}
    for key in (["id"], []):
        found = table(compared(ROWS, new, key=key, masked=masked))
        assert found.changed + found.removed == 2
        shown = repr(found)
        assert MASKED in shown
        for value in ("secret", "99", "777", "'a'", "20.0", "15.0"):
            assert value not in shown


def test_the_key_is_found_in_any_case_and_shown_as_the_table_has_it(compared: Compared) -> None:
    new = f"{ROWS}; delete from gold.t where id = 1"
    found = table(compared(ROWS, new, keys={Relation("GOLD", "T"): ["ID"]}))
    assert (found.key, found.removed) == (("id",), 1)


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (
            ROWS,
            f"{ROWS}; insert into gold.t values (2, 5, 'c')",
            r"not unique: 1 .* in the new one",
        ),
        (
            f"{ROWS}; insert into gold.t values (2, 5, 'c')",
            ROWS,
            r"not unique: 1 .* in the old one",
        ),
        (ROWS, "create table gold.t as select 1 as other", r"\(id\), which one of the two has not"),
    ],
)
def test_a_key_that_does_not_hold_is_told_and_rows_are_compared_whole(
    compared: Compared, old: str, new: str, note: str
) -> None:
    found = table(compared(old, new, key=["id"]))
    assert found.key == ()
    assert found.note is not None
    assert re.search(note, found.note)


def test_columns_that_come_go_or_change_their_type_are_told(compared: Compared) -> None:
    new = (
        "create table gold.t as select * from (values ('1', 10, true), ('2', 20, true)) r(id, n, y)"
    )
    found = table(compared(ROWS, new, key=["id"]))
    assert found.columns_added == (Column("y", "BOOLEAN"),)
    assert found.columns_removed == (Column("x", "VARCHAR"),)
    assert found.columns_retyped == (
        Retyped("id", "INTEGER", "VARCHAR"),
        Retyped("n", "DECIMAL(3,1)", "INTEGER"),
    )
    assert (found.added, found.removed, found.changed) == (0, 0, 0)


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("9007199254740993::bigint", "9007199254740992::hugeint", False),
        ("9007199254740993::bigint", "9007199254740993::hugeint", True),
        ("1.5::double", "1.5::decimal(4, 2)", True),
        ("date '2025-01-01'", "timestamp '2025-01-01'", True),
        ("date '2025-01-01'", "timestamp '2025-01-01 00:00:01'", False),
        ("1::integer", "'1'::varchar", True),
        ("1::variant", "2::variant", False),
        ("map {'a': 1}", "map {'a': 2}", False),
        ("union_value(a := 1)", "union_value(a := 2)", False),
        ("'nan'::double", "'-nan'::double", True),
        ("[{'a': 'nan'::double}]", "[{'a': 'nan'::double}]", True),
        ("null::integer", "0::integer", False),
        ("null::struct(a integer)", "{'a': null::integer}", False),
        ("{'b': null::struct(a integer)}", "{'b': {'a': null::integer}}", False),
        ("null::integer[]", "[]::integer[]", False),
        ("{'a': null::integer}", "{'a': null::integer}", True),
        ("'{\"a\": 1}'::json", "'{\"a\": 2}'::json", False),
        ("interval 1 day", "interval 2 days", False),
        ("'a'::enum('a', 'b')", "'a'::enum('b', 'a')", True),
        ("uuid '00000000-0000-0000-0000-000000000001'", "uuid()", False),
    ],
)
def test_values_of_any_type_are_compared_also_where_the_type_changed(
    compared: Compared, old: str, new: str, is_same: bool
) -> None:
    difference = compared(
        f"create table gold.t as select 1 as id, {old} as v",
        f"create table gold.t as select 1 as id, {new} as v",
        key=["id"],
    )
    changed = difference.tables[0].changed if difference.tables else 0
    assert changed == (0 if is_same else 1)


@pytest.mark.parametrize("type_", ["map(varchar, integer)", "variant", "blob", "integer[]", "json"])
def test_a_key_of_any_type_matches_rows_and_null_matches_null(
    compared: Compared, type_: str
) -> None:
    values = {"map(varchar, integer)": "map {'a': 1}", "integer[]": "[1]", "json": "'1'"}
    value = values.get(type_, "'a'")
    rows = f"create table gold.t as select {value}::{type_} as id, 1 as v"
    rows += f" union all select null::{type_}, 2"
    found = table(compared(rows, f"{rows}; update gold.t set v = v + 1", key=["id"]))
    assert (found.added, found.removed, found.changed) == (0, 0, 2)


def test_floats_may_differ_by_the_tolerance_and_no_more(compared: Compared) -> None:
    rows = "create table gold.t as select i as id, v from (values (1, 1.0::double), (2, 'inf'), "
    rows += "(3, 'nan'), (4, null)) as r(i, v)"
    new = f"{rows}; update gold.t set v = 1.25 where id = 1"
    assert compared(rows, new, key=["id"], tolerance=0.25).is_same
    assert table(compared(rows, new, key=["id"], tolerance=0.2)).changed == 1
    gone = f"{rows}; update gold.t set v = 0"
    assert table(compared(rows, gone, key=["id"], tolerance=1.0)).changed == 3


def test_tables_and_views_that_come_and_go_are_told_with_their_rows(compared: Compared) -> None:
    old = f"{ROWS}; create view gold.v as select 1 as a; create view gold.w as select 1 as a"
    new = "create table gold.u as select 1 as a; create view gold.w as select 2 as a"
    difference = compared(old, new)
    assert difference.added == (Whole(Relation("gold", "u"), "table", 1),)
    assert difference.removed == (
        Whole(T, "table", 2),
        Whole(Relation("gold", "v"), "view", None),
    )
    (view,) = difference.views
    assert view.relation == Relation("gold", "w")
    assert "SELECT 2" in view.new


def test_only_what_was_asked_for_is_looked_at(compared: Compared) -> None:
    new = f"{ROWS}; delete from gold.t; create schema other; create table other.t as select 1 as a"
    assert [each.relation for each in compared(ROWS, new, only=["other"]).added] == [
        Relation("other", "t")
    ]
    assert compared(ROWS, new, relations=[Relation("gold", "none")]).is_same
    assert table(compared(ROWS, new, only=["gold"])).removed == 2


def test_a_view_asked_for_by_name_is_compared_by_its_rows(
    compared: Compared, tmp_path: Path
) -> None:
    release = tmp_path / "release.duckdb"
    with duckdb.connect(str(release)) as connection:
        connection.execute(f"create schema gold; {ROWS}")
    with duckdb.connect(str(tmp_path / "base.duckdb")) as connection:
        connection.execute(f"attach '{release}' as release (read_only)")
        connection.execute("create schema gold; create view gold.t as select * from release.gold.t")
    with duckdb.connect(str(tmp_path / "mine.duckdb")) as connection:
        connection.execute(f"create schema gold; {ROWS}; update gold.t set x = 'z' where id = 1")
    difference = compare(
        tmp_path / "base.duckdb",
        tmp_path / "mine.duckdb",
        keys={T: ["id"]},
        relations=[T],
        attach={"release": release},
    )
    assert table(difference).changed == 1


def test_a_column_called_rowid_does_not_lead_astray(compared: Compared) -> None:
    rows = "create table gold.t as select 1 as rowid, i as id, 1 as v from range(5) as r(i)"
    found = table(compared(rows, f"{rows}; update gold.t set v = 2 where id = 3", key=["id"]))
    assert (found.changed, found.samples[0].key) == (1, (("id", "3"),))


def test_a_warehouse_is_the_same_as_itself_and_as_its_rows_in_another_order(
    compared: Compared, tmp_path: Path
) -> None:
    rows = "create table gold.t as select i as id, i::varchar as x from range(1000) as r(i)"
    assert compared(rows, f"{rows} order by x").is_same
    path = tmp_path / "old" / "warehouse.duckdb"
    assert compare(path, path, keys={}).is_same


@pytest.mark.parametrize("broken", ["missing", "truncated", "folder"])
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, compared: Compared, broken: str
) -> None:
    compared(ROWS, ROWS)
    path, good = tmp_path / "broken.duckdb", tmp_path / "old" / "warehouse.duckdb"
    if broken == "truncated":
        path.write_bytes(good.read_bytes()[:5000])
    elif broken == "folder":
        path.mkdir()
    for pair in ((path, good), (good, path)):
        with pytest.raises(PipelineError, match=r"broken\.duckdb cannot be opened: .*doctor"):
            compare(*pair, keys={})


def test_neither_file_is_written_and_nothing_is_left_beside_it(
    tmp_path: Path, compared: Compared
) -> None:
    compared(ROWS, f"{ROWS}; delete from gold.t")
    paths = sorted(tmp_path.rglob("*.duckdb"))
    before = [path.read_bytes() for path in paths]
    compare(*paths, keys={})
    assert [path.read_bytes() for path in paths] == before
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "warehouse.duckdb",
        "warehouse.duckdb",
    ]


def test_progress_is_told_to_the_last_table(compared: Compared) -> None:
    told: list[Any] = []
    both = f"{ROWS}; create table gold.u as select 1 as a"
    compared(both, both, progress=lambda *numbers: told.append(numbers))
    assert told == [(1, 2), (2, 2)]
