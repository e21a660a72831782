"""Parquet files, and texts and blobs as whole files."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.integration.landing.loading import Loading, declare

STOCK = declare(
    {"sku": "varchar", "n": "integer", "day": "date"},
    "stock/*.parquet",
    "parquet",
    name="s.stock",
    key=["sku"],
)
NOTES = declare({"content": "varchar", "size_bytes": "bigint"}, "n/*.txt", "text", name="s.notes")
PHOTOS = declare({"content": "blob", "size_bytes": "bigint"}, "p/*.png", "blob", name="s.photos")


def _parquet(loading: Loading, name: str, **columns: pa.Array) -> Path:
    path = loading.write(name, b"")
    pq.write_table(pa.table(columns), path)
    return path


def test_rows_of_many_parquet_files_are_numbered_in_each(loading: Loading) -> None:
    for number in range(3):
        _parquet(
            loading,
            f"stock/stock_2025-03-0{number + 1}.parquet",
            sku=pa.array(["a", "b"]),
            n=pa.array([number, None], pa.int32()),
            day=pa.array([date(2025, 3, 1)] * 2),
        )
    report = loading.one(STOCK)
    assert loading.table(STOCK, "sku, n, _row, _delivered_at") == [
        (sku, n, row, datetime(2025, 3, number + 2))
        for number in range(3)
        for sku, n, row in (("a", number, 1), ("b", None, 2))
    ]
    assert report.messages == []


def test_other_parquet_types_are_cast_and_what_does_not_fit_is_rejected(loading: Loading) -> None:
    _parquet(
        loading,
        "stock/a.parquet",
        sku=pa.array(["a", "b", None, "c"]).dictionary_encode(),
        n=pa.array([1.0, 2.5, 3.0, 4.0]),
        day=pa.array([datetime(2025, 3, 1), None, None, datetime(2025, 3, 1, 12)]),
    )
    _parquet(
        loading,
        "stock/b.parquet",
        day=pa.array(["2025-03-01", "soon"]),
        sku=pa.array([b"x", b"\xff"]),
        n=pa.array([Decimal("7.00"), Decimal("8.00")]),
    )
    _parquet(
        loading,
        "stock/c.parquet",
        n=pa.array([2**40, 5]),
        sku=pa.array(["q", ""]),
        day=pa.nulls(2, pa.date32()),
    )
    loading.one(STOCK)
    assert loading.table(STOCK, "sku, n, day") == [
        ("a", 1, date(2025, 3, 1)),
        ("x", 7, date(2025, 3, 1)),
    ]
    assert loading.rejects("file, row, column_name") == [
        ("stock/a.parquet", 2, "n"),
        ("stock/a.parquet", 3, "sku"),
        ("stock/a.parquet", 4, "day"),
        ("stock/b.parquet", 2, "sku"),
        ("stock/c.parquet", 1, "n"),
        ("stock/c.parquet", 2, "sku"),
    ]
    assert loading.rejects("raw")[1] == ('{"sku":null,"n":3.0,"day":null}',)


def test_columns_too_few_too_many_and_in_another_order(loading: Loading) -> None:
    n, sku, day = pa.array([1, 2], pa.int32()), pa.array(["a", "b"]), pa.nulls(2, pa.date32())
    _parquet(loading, "stock/few.parquet", sku=sku, n=n)
    _parquet(loading, "stock/many.parquet", more=n, day=day, n=n, sku=sku)
    report = loading.one(STOCK)
    assert loading.table(STOCK, "_file, sku") == [
        ("stock/many.parquet", "a"),
        ("stock/many.parquet", "b"),
    ]
    reason = "column 'day' is not in the file; it has: sku, n"
    assert loading.rejects("row, reason, raw") == [
        (1, reason, '{"sku":"a","n":1}'),
        (2, reason, '{"sku":"b","n":2}'),
    ]
    assert (report.files_failed, report.files_loaded) == (1, 1)
    assert any("column 'more' is not declared" in message for message in report.messages)


def test_nested_and_oddly_named_columns(loading: Loading) -> None:
    source = declare(
        {"l": "struct(a integer)[]", "m": "struct(a varchar)[]", "file_index": "integer"},
        "*.parquet",
        "parquet",
    )
    nested = pa.array([[{"a": 1}], [{"a": None}]])
    for name in ("x.parquet", "y.parquet"):
        _parquet(loading, name, l=nested, m=nested, file_index=pa.array([5, 6]))
    loading.one(source)
    assert loading.table(source, "l, m, file_index, _row") == 2 * [
        ([{"a": 1}], [{"a": "1"}], 5, 1),
        ([{"a": None}], [{"a": None}], 6, 2),
    ]


@pytest.mark.parametrize("how", ["not parquet", "cut short", "damaged inside", "empty"])
def test_a_parquet_file_that_cannot_be_read_fails_alone(loading: Loading, how: str) -> None:
    columns = {
        "sku": pa.array([f"sku{i:05d}" for i in range(2000)]),
        "n": pa.array(list(range(2000)), pa.int32()),
        "day": pa.nulls(2000, pa.date32()),
    }
    _parquet(loading, "stock/good.parquet", **columns)
    whole = _parquet(loading, "stock/bad.parquet", **columns).read_bytes()
    content = {
        "not parquet": b"sku,n,day\n",
        "cut short": whole[: len(whole) // 2],
        "damaged inside": whole[:100] + b"\xff" * 400 + whole[500:],
        "empty": b"",
    }[how]
    loading.write("stock/bad.parquet", content)
    report = loading.one(STOCK)
    bad, good = loading.files()
    assert good == ("stock/good.parquet", 2000, 2000, 0, "loaded")
    assert bad[1:] == ((0, 0, 0, "loaded") if how == "empty" else (1, 0, 1, "failed"))
    assert report.messages[0].startswith("stock/bad.parquet: it ")


def test_texts_are_one_row_a_file_untouched(loading: Loading) -> None:
    text = '<a>"é",\r\n\n</a>\x0b '
    loading.write("n/a.txt", text)
    loading.write("n/b.txt", "\ufeffb")
    loading.one(NOTES)
    assert loading.table(NOTES, "content, size_bytes, _file, _row") == [
        (text, len(text.encode()), "n/a.txt", 1),
        ("\ufeffb", 4, "n/b.txt", 1),
    ]


def test_a_text_that_is_not_utf8_fails_alone_and_an_empty_one_gives_no_row(
    loading: Loading,
) -> None:
    loading.write("n/a.txt", b"caf\xe9")
    loading.write("n/b.txt", b"")
    loading.write("n/c.txt", "café")
    report = loading.one(NOTES)
    assert loading.table(NOTES, "content") == [("café",)]
    assert loading.files("rows, rejected, status") == [
        (1, 1, "failed"),
        (0, 0, "loaded"),
        (1, 0, "loaded"),
    ]
    assert "not valid UTF-8" in report.messages[0]


def test_blobs_are_the_bytes_of_their_files(loading: Loading) -> None:
    contents = [bytes(range(256)), b"\0", b"\xff" * 5000]
    for number, content in enumerate(contents):
        loading.write(f"p/R{number}_2025-03-01.png", content)
    loading.one(PHOTOS)
    assert loading.table(PHOTOS, "content, size_bytes, _delivered_at") == [
        (content, len(content), datetime(2025, 3, 2)) for content in contents
    ]


def test_blobs_may_be_loaded_by_size_alone(loading: Loading) -> None:
    sizes = declare({"size_bytes": "bigint"}, "p/*.png", "blob", name="s.sizes")
    loading.write("p/a.png", b"12345")
    loading.one(sizes)
    assert loading.table(sizes, "size_bytes") == [(5,)]
