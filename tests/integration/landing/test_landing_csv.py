"""CSV files as they come: every fault that real ones have."""

import os
from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.integration.landing.loading import Loading, declare

ORDERS = declare(
    {"order_id": "varchar", "quantity": "integer", "ordered_at": "timestamp"},
    "shop/orders/*.csv",
    "csv",
    key=["order_id"],
)
HEADER = "order_id,quantity,ordered_at\n"
GOOD = "A1,2,2025-03-01 10:00:00\n"


def test_rows_arrive_typed_with_file_number_delivery_and_load_time(loading: Loading) -> None:
    loading.write("shop/orders/orders_2025-03-01.csv", HEADER + GOOD + "A2,,\n")
    report = loading.one(ORDERS)
    file, delivered, loaded = (
        "shop/orders/orders_2025-03-01.csv",
        datetime(2025, 3, 2),
        datetime(2025, 6, 1, 12),
    )
    assert loading.table(ORDERS) == [
        ("A1", 2, datetime(2025, 3, 1, 10), file, 1, delivered, loaded),
        ("A2", None, None, file, 2, delivered, loaded),
    ]
    assert (report.files_loaded, report.rows, report.loaded, report.rejected) == (1, 2, 2, 0)
    assert report.messages == []
    assert loading.files() == [(file, 2, 2, 0, "loaded")]


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("A2,two,", "quantity", "column 'quantity': 'two' is not INTEGER"),
        ("A2,2.5,", "quantity", "column 'quantity': '2.5' is not INTEGER"),
        ("A2,1,yesterday", "ordered_at", "column 'ordered_at': 'yesterday' is not TIMESTAMP"),
        (",1,", "order_id", "column 'order_id' is empty and is part of the key"),
        ('"",1,', "order_id", "column 'order_id' is empty and is part of the key"),
        ("A2,1", None, "it has 2 fields; the header has 3"),
        ("A2,1,,4", None, "it has 4 fields; the header has 3"),
        ('A2,"1,', None, "a quote is opened and never closed"),
        ('A2,"1"x,', None, "text follows a closing quote"),
    ],
)
def test_a_broken_row_is_rejected_with_column_reason_and_text_and_the_others_load(
    loading: Loading, line: str, column: str | None, reason: str
) -> None:
    loading.write("shop/orders/a.csv", HEADER + GOOD + line + "\n" + GOOD)
    loading.write("shop/orders/b.csv", HEADER + GOOD)
    report = loading.one(ORDERS)
    assert loading.rejects() == [(2, column, reason, line)]
    assert loading.table(ORDERS, "_file, _row") == [
        ("shop/orders/a.csv", 1),
        ("shop/orders/a.csv", 3),
        ("shop/orders/b.csv", 1),
    ]
    assert (report.rows, report.rejected, report.files_failed) == (4, 1, 0)


def test_all_faults_of_a_row_are_told_and_the_first_column_is_named(loading: Loading) -> None:
    loading.write("shop/orders/a.csv", HEADER + "A1,two,never\n")
    loading.one(ORDERS)
    told = "column 'quantity': 'two' is not INTEGER; column 'ordered_at': 'never' is not TIMESTAMP"
    assert loading.rejects() == [(1, "quantity", told, "A1,two,never")]


def test_invalid_utf8_and_nul_bytes_reject_the_record_they_stand_in(loading: Loading) -> None:
    loading.write("shop/orders/a.csv", HEADER.encode() + b"caf\xe9,1,\nA\0,1,\n" + GOOD.encode())
    loading.one(ORDERS)
    assert loading.rejects("row, reason, raw") == [
        (1, "not valid UTF-8", "caf\\xe9,1,"),
        (2, "holds a NUL byte", "A\\x00,1,"),
    ]


def test_a_file_cut_short_loses_its_last_row_only(loading: Loading) -> None:
    loading.write("shop/orders/a.csv", HEADER + GOOD * 3 + "A4,")
    loading.write("shop/orders/b.csv", HEADER + "A1,2,2025-03-01 10:0")
    report = loading.one(ORDERS)
    assert loading.rejects("file, row, raw") == [("shop/orders/a.csv", 4, "A4,")]
    assert loading.table(ORDERS, "_row") == [(1,), (2,), (3,), (1,)]
    # A last value that was cut and still fits its type cannot be told from a whole one.
    assert report.messages == [
        "shop/orders/a.csv and 1 more file: its last line has no end: "
        "if the file was cut short, so is its last row"
    ]


def test_columns_are_found_by_name_whatever_their_order_and_case(loading: Loading) -> None:
    loading.write("shop/orders/a.csv", "Ordered_At,order_id,QUANTITY\n2025-03-01 10:00:00,A1,2\n")
    loading.one(ORDERS)
    assert loading.table(ORDERS, "order_id, quantity, ordered_at") == [
        ("A1", 2, datetime(2025, 3, 1, 10))
    ]


def test_an_undeclared_column_is_told_and_nothing_else_is_lost(loading: Loading) -> None:
    for day in ("2025-03-01", "2025-03-02"):
        loading.write(f"shop/orders/{day}.csv", "order_id,colour,quantity,ordered_at\nA1,red,2,\n")
    report = loading.one(ORDERS)
    assert loading.table(ORDERS, "order_id, quantity") == [("A1", 2), ("A1", 2)]
    assert report.messages == [
        "shop/orders/2025-03-01.csv and 1 more file: column 'colour' is not declared and so not "
        "loaded — declare in models/bronze/shop/_sources.yml what you need, then: "
        "goldloop ingest --again 'shop/orders/*.csv'"
    ]


def test_a_vanished_column_rejects_every_row_of_its_file_and_of_no_other(loading: Loading) -> None:
    loading.write("shop/orders/a.csv", 'order_id,amount\nA1,1\nA2,"2"\n')
    loading.write("shop/orders/b.csv", HEADER + GOOD)
    report = loading.one(ORDERS)
    reason = "columns 'quantity' and 'ordered_at' are not in the file; it has: order_id, amount"
    assert loading.rejects() == [(1, None, reason, "A1,1"), (2, None, reason, 'A2,"2"')]
    assert loading.files() == [
        ("shop/orders/a.csv", 2, 0, 2, "failed"),
        ("shop/orders/b.csv", 1, 1, 0, "loaded"),
    ]
    assert (report.files_failed, report.files_loaded, report.is_ok) == (1, 1, False)
    assert reason in report.messages[0]
    assert "landing.optional" in report.messages[0]


def test_an_optional_column_may_lack(loading: Loading) -> None:
    source = declare({"a": "varchar", "b": "integer"}, "*.csv", "csv", name="x.y", optional=["b"])
    loading.write("old.csv", "a,c\n1,2\n")
    loading.write("rough.csv", "a\n1\n\n2\n")
    loading.write("new.csv", "a,b\n1,2\n")
    assert loading.one(source).files_failed == 0
    assert loading.table(source, "_file, a, b") == [
        ("new.csv", "1", 2),
        ("old.csv", "1", None),
        ("rough.csv", "1", None),
        ("rough.csv", "2", None),
    ]


def test_a_column_that_stands_twice_rejects_the_file(loading: Loading) -> None:
    loading.write("shop/orders/a.csv", "order_id,quantity,quantity,ordered_at\nA1,1,2,\n")
    loading.one(ORDERS)
    assert loading.rejects("reason") == [("column 'quantity' stands 2 times in the file",)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty (0 bytes)"),
        (b"\n\n", "it holds nothing, not even a header"),
        (HEADER.encode(), None),
        (HEADER.encode().rstrip(), None),
    ],
)
def test_a_file_without_records_gives_no_rows(
    loading: Loading, content: bytes, message: str | None
) -> None:
    loading.write("shop/orders/a.csv", content)
    report = loading.one(ORDERS)
    assert loading.files("rows, rejected, status, message") == [(0, 0, "loaded", message)]
    assert report.messages == ([f"shop/orders/a.csv: {message}"] if message else [])


def test_a_file_in_utf16_fails_as_one_and_says_so(loading: Loading) -> None:
    loading.write("shop/orders/a.csv", (HEADER + GOOD).encode("utf-16"))
    report = loading.one(ORDERS)
    assert loading.files("rows, rejected, status") == [(1, 1, "failed")]
    assert "UTF-16" in report.messages[0]


def test_a_broken_header_rejects_the_rows_below_it(loading: Loading) -> None:
    loading.write("shop/orders/a.csv", '"order_id,quantity,ordered_at\n' + GOOD)
    loading.one(ORDERS)
    reason = "the header cannot be read: a quote is opened and never closed"
    assert loading.rejects("row, reason, raw") == [(1, reason, GOOD.strip())]


def test_line_ends_byte_order_mark_and_quoted_line_breaks_change_nothing(loading: Loading) -> None:
    lines = ["order_id,quantity,ordered_at", '"A\n1",1,', "A2,2,"]
    for number, end in enumerate(("\n", "\r\n", "\r")):
        loading.write(f"shop/orders/{number}.csv", end.join([*lines, ""]))
    loading.write("shop/orders/3.csv", b"\xef\xbb\xbf" + "\n".join(lines).encode())
    loading.one(ORDERS)
    rows = loading.table(ORDERS, "order_id, quantity, _row")
    assert rows == [("A\n1", 1, 1), ("A2", 2, 2)] * 4


def test_another_delimiter_is_as_good_as_a_comma(loading: Loading) -> None:
    source = declare({"a": "varchar", "b": "double"}, "*.csv", "csv", delimiter=";")
    loading.write("a.csv", 'a;b\n"x;y";1.5\nz;1,5\n')
    loading.write("b.csv", "a;b\nz;\n\nq;2\n")
    loading.one(source)
    assert loading.table(source, "a, b") == [("x;y", 1.5), ("z", None), ("q", 2.0)]
    assert loading.rejects("raw") == [("z;1,5",)]


def test_file_names_that_look_like_globs_are_read_as_they_are(loading: Loading) -> None:
    names = ["a[1].csv", "a?.csv", "a*.csv", "ab.csv", "a'b\".csv", "ä {x}.csv", "a\\b.csv"]
    for name in names:
        loading.write(f"shop/orders/{name}", HEADER + f'"{name.replace(chr(34), "")}",1,\n')
    loading.one(ORDERS)
    assert loading.table(ORDERS, "_file, order_id") == sorted(
        (f"shop/orders/{name}", name.replace('"', "")) for name in names
    )


def test_types_are_those_of_duckdb_and_no_value_is_bent(loading: Loading) -> None:
    source = declare(
        {"m": "decimal(8,2)", "d": "date", "b": "boolean", "l": "integer[]", "j": "json"},
        "*.csv",
        "csv",
    )
    good = '1.20,2025-03-01,yes,"[1, 2]","{""a"": 1}"'
    bad = ["1.239,,,,", ",2025-03-01 10:00:00,,,", ",,maybe,,", ',,,"[1, 2.5]",', ",,,,{"]
    loading.write("a.csv", "\n".join(["m,d,b,l,j", good, *bad]))
    loading.one(source)
    assert loading.table(source, "m, d, b, l, j") == [
        (Decimal("1.20"), date(2025, 3, 1), True, [1, 2], '{"a": 1}')
    ]
    assert [(row, column) for row, column in loading.rejects("row, column_name")] == [
        (2, "m"),
        (3, "d"),
        (4, "b"),
        (5, "l"),
        (6, "j"),
    ]


def test_offsets_from_utc_are_taken_into_account(loading: Loading) -> None:
    times = ["2025-03-01T12:00:00Z", "2025-03-01T12:00:00+02:00", "2025-03-01 12:00:00-0330"]
    lines = [f"A,1,{time}" for time in times]
    loading.write("shop/orders/a.csv", HEADER + "\n".join(lines))
    loading.one(ORDERS)
    assert [time for (time,) in loading.table(ORDERS, "ordered_at")] == [
        datetime(2025, 3, 1, 12),
        datetime(2025, 3, 1, 10),
        datetime(2025, 3, 1, 15, 30),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="a superuser may read every file")
def test_a_file_that_may_not_be_read_fails_and_is_tried_again(loading: Loading) -> None:
    path = loading.write("shop/orders/a.csv", HEADER + GOOD)
    loading.write("shop/orders/b.csv", HEADER + GOOD)
    path.chmod(0)
    report = loading.one(ORDERS)
    assert "cannot be read: Permission denied" in report.messages[0]
    assert loading.files() == [
        ("shop/orders/a.csv", 1, 0, 1, "failed"),
        ("shop/orders/b.csv", 1, 1, 0, "loaded"),
    ]
    path.chmod(0o600)
    assert loading.one(ORDERS).files_loaded == 1
    assert loading.rejects() == []


def test_a_link_to_nowhere_fails_and_is_loaded_once_it_leads_somewhere(loading: Loading) -> None:
    target = loading.root / "shop/orders/real.txt"
    loading.write("shop/orders/b.csv", HEADER + GOOD)
    (loading.root / "shop/orders/a.csv").symlink_to(target)
    report = loading.one(ORDERS)
    assert loading.rejects("file, row, reason") == [
        ("shop/orders/a.csv", None, "it cannot be read: No such file or directory")
    ]
    assert (report.files_failed, report.files_loaded) == (1, 1)
    target.write_text(HEADER + GOOD)
    assert loading.one(ORDERS).files_loaded == 1
    assert loading.rejects() == []


def test_a_link_out_of_the_landing_folder_is_not_followed(loading: Loading) -> None:
    outside = loading.root.parent / "secrets.csv"
    outside.write_text(HEADER + GOOD)
    loading.write("shop/orders/b.csv", HEADER + GOOD)
    (loading.root / "shop/orders/a.csv").symlink_to(outside)
    (loading.root / "shop/more").symlink_to(loading.root.parent, target_is_directory=True)
    both = declare({"order_id": "varchar"}, "shop/*/*.csv", "csv", name="shop.more")
    loading.one(ORDERS)
    loading.one(both)
    assert (
        loading.table(ORDERS, "_file") == loading.table(both, "_file") == [("shop/orders/b.csv",)]
    )
    reasons = loading.rejects("file, reason")
    assert len(reasons) == 3
    assert all("link out of the landing folder" in reason for _, reason in reasons)
