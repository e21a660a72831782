"""Loading twice, changed files, files that come later, and what must never be half done."""

import os
from datetime import UTC, date, datetime
from typing import Any

import pytest

from dataops.landing import LandingProgress, create_landing_tables, ingest
from ml.errors import PipelineError, UsageError
from tests.integration.landing.loading import NOW, Loading, declare

ITEMS = declare({"id": "varchar", "n": "integer"}, "items/*.csv", "csv", name="s.items", key=["id"])
LATER = datetime(2025, 7, 1, tzinfo=UTC)


def _everything(loading: Loading) -> list[Any]:
    return [
        loading.table(ITEMS),
        loading.rejects("*"),
        loading.rows("select * exclude (modified_at) from landing.files order by file"),
    ]


def test_a_second_load_changes_nothing_and_reads_no_file(loading: Loading) -> None:
    first = loading.write("items/a.csv", "id,n\n1,1\n2,x\n")
    loading.write("items/b.csv", "id\n1\n")
    loading.one(ITEMS)
    before = _everything(loading)
    # The same size and time: what the bytes are now is not looked at.
    status = first.stat()
    first.write_bytes(b"id,n\n9,9\n9,9\n")
    os.utime(first, ns=(status.st_atime_ns, status.st_mtime_ns))
    report = loading.one(ITEMS, now=LATER)
    assert (report.files_seen, report.files_skipped, report.files_loaded, report.rows) == (
        2,
        2,
        0,
        0,
    )
    assert _everything(loading) == before


def test_a_file_touched_but_not_changed_is_not_loaded_again(loading: Loading) -> None:
    path = loading.write("items/a.csv", "id,n\n1,1\n")
    loading.one(ITEMS)
    before = _everything(loading)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert loading.one(ITEMS, now=LATER).files_skipped == 1
    assert _everything(loading) == before
    assert loading.files("modified_at") == [(datetime(2001, 9, 9, 1, 46, 40),)]


def test_a_changed_file_replaces_its_rows_and_rejects_and_says_so(loading: Loading) -> None:
    loading.write("items/a.csv", "id,n\n1,1\n2,x\n")
    loading.write("items/b.csv", "id,n\n5,5\n6,y\n")
    loading.one(ITEMS)
    loading.write("items/a.csv", "id,n\n1,10\n2,20\n3,z\n4,zz\n")
    report = loading.one(ITEMS, now=LATER)
    assert loading.table(ITEMS, "_file, id, n") == [
        ("items/a.csv", "1", 10),
        ("items/a.csv", "2", 20),
        ("items/b.csv", "5", 5),
    ]
    assert loading.rejects("file, row") == [
        ("items/a.csv", 3),
        ("items/a.csv", 4),
        ("items/b.csv", 2),
    ]
    assert report.messages == ["items/a.csv: its content has changed; its rows were replaced"]


def test_a_file_added_later_is_loaded_alone_and_a_deleted_one_keeps_its_rows(
    loading: Loading,
) -> None:
    first = loading.write("items/a.csv", "id,n\n1,1\n")
    loading.one(ITEMS)
    first.unlink()
    loading.write("items/b.csv", "id,n\n2,2\n")
    report = loading.one(ITEMS, now=LATER)
    assert (report.files_seen, report.files_loaded, report.rows) == (1, 1, 1)
    assert loading.table(ITEMS, "id, _loaded_at") == [
        ("1", datetime(2025, 6, 1, 12)),
        ("2", datetime(2025, 7, 1)),
    ]


def test_again_loads_what_matches_once_the_declaration_was_fixed(loading: Loading) -> None:
    loading.write("items/a.csv", "id\n1\n")
    loading.write("items/b.csv", "id,n\n2,2\n")
    assert loading.one(ITEMS).files_failed == 1
    fixed = declare(
        {"id": "varchar", "n": "integer"}, "items/*.csv", "csv", name="s.items", optional=["n"]
    )
    assert loading.one(fixed).files_skipped == 2
    report = loading.one(fixed, again="items/a*")
    assert (report.files_loaded, report.files_skipped) == (1, 1)
    assert loading.table(fixed, "id, n") == [("1", None), ("2", 2)]
    assert loading.rejects() == []


def test_a_newly_declared_column_is_added_and_filled_by_again(loading: Loading) -> None:
    loading.write("items/a.csv", "id,n,colour\n1,1,red\n")
    loading.one(ITEMS)
    columns = {"colour": "varchar", "id": "varchar", "n": "integer"}
    wider = declare(columns, "items/*.csv", "csv", name="s.items")
    create_landing_tables(loading.conn, [wider])
    assert loading.table(wider, "id, n, colour") == [("1", 1, None)]
    loading.one(wider, again="*")
    assert loading.table(wider, "id, n, colour") == [("1", 1, "red")]


def test_a_changed_type_stops_its_source_with_a_message_and_no_other(loading: Loading) -> None:
    loading.write("items/a.csv", "id,n\n1,1\n")
    loading.one(ITEMS)
    loading.write("items/b.csv", "id,n\n2,2\n")
    loading.write("more/a.csv", "id\n1\n")
    changed = declare({"id": "varchar", "n": "date"}, "items/*.csv", "csv", name="s.items")
    more = declare({"id": "varchar"}, "more/*.csv", "csv", name="s.more")
    with pytest.raises(PipelineError, match=r"'n' is INTEGER in landing\.s__items and DATE"):
        create_landing_tables(loading.conn, [changed])
    broken, whole = loading.ingest(changed, more)
    assert broken.error is not None
    assert "column 'n' is INTEGER" in broken.error
    assert not broken.is_ok
    assert whole.loaded == 1
    assert loading.table(ITEMS, "id") == [("1",)]


def test_a_table_that_cannot_take_the_rows_leaves_nothing_half_written(loading: Loading) -> None:
    loading.write("items/a.csv", "id,n\n1,1\n2,x\n")
    loading.write("more/a.csv", "id\n1\n")
    create_landing_tables(loading.conn, [ITEMS])
    loading.conn.execute("drop table landing.s__items")
    loading.conn.execute(
        "create table landing.s__items (id varchar, n integer check (n > 5), _file varchar, "
        "_row bigint, _delivered_at timestamp, _loaded_at timestamp)"
    )
    more = declare({"id": "varchar"}, "more/*.csv", "csv", name="s.more")
    broken, whole = ingest(loading.conn, [ITEMS, more], loading.root, now=NOW)
    assert broken.error is not None
    assert (broken.rows, broken.loaded, broken.rejected) == (0, 0, 0)
    assert whole.loaded == 1
    assert loading.table(ITEMS) == loading.rejects() == []
    assert loading.files("source, file") == [("s.more", "more/a.csv")]
    left = loading.rows("select table_name from duckdb_tables() where temporary")
    assert left == []


def test_a_file_that_grows_while_it_is_read_is_left_to_the_next_load(
    loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = loading.write("items/a.csv", "id,n\n1,1\n")
    loading.write("items/b.csv", "id,n\n2,2\n")

    def grow(_progress: LandingProgress) -> None:
        with growing.open("a") as stream:
            stream.write("3,3\n")

    (report,) = ingest(loading.conn, [ITEMS], loading.root, now=NOW, progress=grow)
    assert loading.table(ITEMS, "id") == [("2",)]
    assert "items/a.csv: it changed while it was read" in report.messages[0]
    assert loading.one(ITEMS).loaded == 2


def test_progress_counts_the_files_of_each_source(loading: Loading) -> None:
    for number in range(5):
        loading.write(f"items/{number}.csv", "id,n\n1,1\n" + ("2\n" if number % 2 else ""))
    met: list[LandingProgress] = []
    ingest(loading.conn, [ITEMS], loading.root, now=NOW, progress=met.append)
    assert met[-1] == LandingProgress("s.items", 5, 5)
    assert [p.files_done for p in met] == sorted({p.files_done for p in met})


def test_missing_folders_and_globs_without_files_are_told_and_the_rest_is_loaded(
    loading: Loading,
) -> None:
    loading.write("items/a.csv", "id,n\n1,1\n")
    nowhere = declare({"id": "varchar"}, "no/such/*.csv", "csv", name="s.nowhere")
    nothing = declare({"id": "varchar"}, "items/*.jsonl", "jsonl", name="s.nothing")
    first, second, third = loading.ingest(nowhere, nothing, ITEMS)
    assert f"the folder {loading.root}/no does not exist" in first.messages[0]
    assert "no file matches items/*.jsonl" in second.messages[0]
    assert (first.error, second.error, third.loaded) == (None, None, 1)
    assert loading.table(nowhere) == []


def test_a_landing_folder_that_does_not_exist_is_refused(loading: Loading) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        ingest(loading.conn, [ITEMS], loading.root / "gone", now=NOW)


def test_an_unknown_type_is_refused_before_anything_is_loaded(loading: Loading) -> None:
    loading.write("items/a.csv", "id,n\n1,1\n")
    for wrong in ("integr", "integer, x integer", "integer); drop schema landing; --"):
        bad = declare({"id": wrong}, "items/*.csv", "csv", name="s.bad")
        with pytest.raises(UsageError, match=r"s\.bad.*'id'.*no type of DuckDB.*_sources\.yml"):
            ingest(loading.conn, [ITEMS, bad], loading.root, now=NOW)
    assert loading.rows("select * from duckdb_tables()") == []


@pytest.mark.parametrize(
    ("type_", "value", "delivered"),
    [
        ("timestamp", "2025-02-03 04:05:06", datetime(2025, 2, 3, 4, 5, 6)),
        ("timestamptz", "2025-02-03 04:05:06", datetime(2025, 2, 3, 4, 5, 6)),
        ("timestamptz", "2025-02-03 04:05:06+01:00", datetime(2025, 2, 3, 3, 5, 6)),
        ("date", "2025-02-03", datetime(2025, 2, 4)),
        ("date", "", datetime(2025, 3, 2)),
    ],
)
def test_a_declared_column_says_when_a_row_was_delivered(
    loading: Loading, type_: str, value: str, delivered: datetime | None
) -> None:
    source = declare({"id": "varchar", "at": type_}, "*.csv", "csv", delivered_at="at")
    loading.conn.execute("set timezone = 'America/New_York'")
    loading.write("x_2025-03-01.csv", f"id,at\n1,{value}\n")
    loading.one(source)
    assert loading.table(source, "_delivered_at") == [(delivered,)]


def test_a_file_without_a_date_was_delivered_at_its_own_time(loading: Loading) -> None:
    path = loading.write("items/a.csv", "id,n\n1,1\n2,x\n")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    loading.one(ITEMS)
    own = [(datetime(2001, 9, 9, 1, 46, 40),)]
    assert loading.table(ITEMS, "_delivered_at") == loading.rejects("_delivered_at") == own
    assert loading.files("delivered_at") == own


def test_two_sources_may_read_the_same_files(loading: Loading) -> None:
    loading.write("items/a.csv", "id,n,day\n1,1,2025-01-01\n")
    days = declare({"day": "date"}, "items/*.csv", "csv", name="s.days")
    loading.ingest(ITEMS, days)
    assert loading.table(days, "day") == [(date(2025, 1, 1),)]
    assert sorted(loading.files("source")) == [("s.days",), ("s.items",)]


def test_rows_are_numbered_as_in_the_file_when_threads_share_it(loading: Loading) -> None:
    """A file of 40 MB is read in parts, which come back in no order of their own."""
    loading.conn.execute("set threads = 4")
    many = 500_000
    filler = "x" * 60
    for name in ("b", "a", "c"):
        rows = many if name == "a" else 3
        lines = "".join(f'{n},{n},"{filler},{n}"\n' for n in range(1, rows + 1))
        loading.write(f"items/{name}.csv", f"id,n,note\n{lines}")
    wide = declare(
        {"id": "varchar", "n": "integer", "note": "varchar"}, "items/*.csv", "csv", name="s.items"
    )
    assert loading.one(wide).loaded == many + 6
    wrong = "n <> _row or id <> n::varchar or not ends_with(note, ',' || n)"
    assert loading.rows(f"select count(*) from landing.s__items where {wrong}") == [(0,)]


def test_again_refuses_a_pattern_that_matches_no_file(loading: Loading) -> None:
    loading.write("items/a.csv", "id,n\n1,1\n")
    with pytest.raises(UsageError, match=r"no landing file matches 'itmes/\*'.*items/\*\.csv"):
        loading.ingest(ITEMS, again="itmes/*")


def test_the_settings_of_the_connection_are_as_they_were(loading: Loading) -> None:
    loading.conn.execute("set preserve_insertion_order = false")
    loading.write("items/a.csv", "id,n\n1,1\n")
    loading.one(ITEMS)
    setting = "select current_setting('preserve_insertion_order')"
    assert loading.rows(setting) == [(False,)]
