import csv
import io
from collections import Counter, defaultdict

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from simulator import dirt, spoil, tables
from simulator.streams import stream

ROW_KINDS = {
    *dirt.SHARED_ROW_KINDS,
    *dirt.BROKEN_ROWS["csv"],
    *dirt.BROKEN_ROWS["jsonl"],
}
FILE_KINDS = {*dirt.FILE_KINDS["csv"], "redelivered_file"}
LINE = "O000000359,C0002430,S12,completed,cash,EUR,2025-01-05 06:30:02"


def _marks(landing, kind: str) -> list[dict]:
    return [mark for mark in landing.dirt() if mark["kind"] == kind]


def _line(landing, mark) -> str:
    lines = (landing.root / mark["file"]).read_text(encoding="utf-8").split("\n")
    return lines[mark["row"] - mark["file"].endswith(".jsonl")]  # CSV has a header, JSON a bracket


def test_without_dirt_nothing_is_spoiled(clean):
    assert clean.dirt() == []
    assert clean.summary.spoiled == {}
    assert not list(clean.root.rglob("*_delivered_*"))


def test_every_kind_of_dirt_occurs_and_is_counted(dirty):
    counted = Counter(mark["kind"] for mark in dirty.dirt())
    assert counted == dirty.summary.spoiled
    assert ROW_KINDS <= set(counted)
    assert FILE_KINDS - {"column_renamed"} <= set(counted)


def test_about_the_asked_share_of_records_and_files_is_spoiled(dirty):
    summary, share = dirty.summary, dirty.settings.dirt
    counted = Counter(mark["kind"] for mark in dirty.dirt())
    rows = sum(count for kind, count in counted.items() if kind in ROW_KINDS)
    assert 0.8 * share < rows / summary.rows < 1.2 * share
    files = sum(count for kind, count in counted.items() if kind in FILE_KINDS)
    assert 0.5 * share < (files - counted["redelivered_file"]) / summary.files < 1.5 * share


def test_a_duplicate_repeats_the_record_before_it(dirty):
    marks = [m for m in _marks(dirty, "duplicate") if m["file"].endswith((".csv", ".jsonl"))]
    for mark in marks[:200]:
        assert _line(dirty, mark) == _line(dirty, {**mark, "row": mark["row"] - 1})
    assert marks


def test_a_redelivered_record_was_there_before_and_a_late_one_was_not(dirty):
    for kind, times in (("redelivered", 2), ("late_record", 1)):
        checked = 0
        for mark in _marks(dirty, kind):
            if not mark["file"].startswith("shop/orders/orders_"):
                continue
            key = next(f for f in _line(dirty, mark).split(",") if f.startswith("O0"))
            files = [
                path.name[:17]
                for path in dirty.files("shop/orders")
                if key in path.read_text(encoding="utf-8")
            ]
            assert len(set(files)) == times, (kind, key, files)
            checked += 1
        assert checked


def test_broken_json_does_not_parse_and_wrong_types_do(dirty):
    for mark in _marks(dirty, "broken_json"):
        assert not _line(dirty, mark).endswith("}")
    lines = [_line(dirty, mark) for mark in _marks(dirty, "wrong_type")]
    assert lines
    assert all(any(wrong in line for wrong in _all_wrong_values()) for line in lines)


def _all_wrong_values() -> list[str]:
    return [value for values in spoil.WRONG_VALUES.values() for value in values]


def test_unknown_codes_are_not_in_the_master_data(dirty):
    lines = [
        _line(dirty, mark)
        for mark in _marks(dirty, "unknown_code")
        if not mark["file"].endswith((".parquet", ".json"))
    ]
    unknown = set(spoil.UNKNOWN_CODES.values()) | {"unknown"}
    assert lines
    assert all(any(code in line for code in unknown) for line in lines)


def test_a_late_file_is_named_by_both_days_and_replaces_the_punctual_one(dirty):
    marks = _marks(dirty, "late_file")
    assert marks
    for mark in marks:
        assert "_delivered_" in mark["file"]
        path = dirty.root / mark["file"]
        punctual = path.with_name(path.name.split("_delivered_")[0] + path.suffix)
        assert path.exists()
        assert not punctual.exists()


def test_a_cut_or_empty_file_is_sent_again_whole(dirty):
    copies = {mark["file"].split("_delivered_")[0] for mark in _marks(dirty, "redelivered_file")}
    for kind in ("truncated_file", "empty_file"):
        marks = [m for m in _marks(dirty, kind) if not m["file"].endswith(".png")]
        assert marks
        for mark in marks:
            size = (dirty.root / mark["file"]).stat().st_size
            assert (size == 0) == (kind == "empty_file")
            assert mark["file"].rsplit(".", 1)[0] in copies


def test_a_cut_file_ends_within_a_record(dirty):
    for mark in _marks(dirty, "truncated_file"):
        assert not (dirty.root / mark["file"]).read_bytes().endswith(b"\n")


def test_spoiled_photos_do_not_open_and_the_others_do(dirty):
    spoiled = {m["file"] for m in dirty.dirt() if m["file"].endswith(".png")}
    for path in dirty.files("repairs/photos"):
        if path.relative_to(dirty.root).as_posix() in spoiled:
            with pytest.raises(OSError), Image.open(path) as image:
                image.load()
        else:
            with Image.open(path) as image:
                image.load()


def test_changed_columns_are_as_recorded(dirty):
    headers = defaultdict(list)
    for mark in dirty.dirt():
        if mark["kind"] in ("columns_reordered", "column_added"):
            with (dirty.root / mark["file"]).open(encoding="utf-8", newline="") as file:
                headers[mark["kind"]].append((mark["file"], next(csv.reader(file))))
    agreed = {f"{t.source}/{t.name}": list(t.columns) for t in tables.TABLES}
    for file, header in headers["columns_reordered"]:
        wanted = agreed[file.rsplit("/", 1)[0]]
        assert header != wanted
        assert sorted(header) == sorted(wanted)
    for file, header in headers["column_added"]:
        wanted = agreed[file.rsplit("/", 1)[0]]
        assert [name for name in header if name != spoil.EXTRA_COLUMN] == wanted
        assert len(header) == len(wanted) + 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("unclosed_quote", LINE.replace(",2025", ',"2025')),
        ("missing_field", LINE.rsplit(",", 1)[0]),
        ("extra_field", LINE + ",extra"),
    ],
)
def test_a_broken_csv_row_is_broken_as_named(kind, expected):
    assert spoil.csv_line(tables.ORDERS, kind, LINE, stream(1, "test")) == expected


def test_a_code_variant_is_the_same_code_written_otherwise():
    rng = stream(1, "test")
    for code in ("P001", "premium"):
        variants = {spoil.code_variant(code, rng) for _ in range(60)}
        assert len(variants) == 3
        assert {variant.strip().lower() for variant in variants} == {code.lower()}


def test_a_renamed_column_vanishes_and_the_rows_stay(tmp_path):
    whole, renamed = tmp_path / "whole.csv", tmp_path / "renamed.csv"
    whole.write_text(f"{tables.ORDERS.header}\n{LINE}\n")
    spoil.rename_column(whole, renamed, tables.ORDERS, stream(1, "test"))
    header, row = renamed.read_text().splitlines()
    missing = set(tables.ORDERS.columns) - set(header.split(","))
    assert len(missing) == 1
    assert missing != {"order_id"}
    assert row == LINE


def test_reordering_keeps_each_value_below_its_name():
    change = spoil.reshape(tables.ORDERS, "columns_reordered", stream(1, "test"))
    text = f"{change(tables.ORDERS.header)}\n{change(LINE)}\n"
    record = next(csv.DictReader(io.StringIO(text)))
    assert record == dict(zip(tables.ORDERS.columns, LINE.split(","), strict=True))


def test_parquet_rows_are_spoiled_in_place():
    content = pa.table({"store_id": ["S01", "S02", "S03"], "product_id": ["P001"] * 3})
    chosen = [(0, "duplicate"), (1, "out_of_order"), (2, "unknown_code")]
    spoiled, marks = spoil.parquet_rows(tables.INVENTORY, content, chosen, _only("store_id"))
    assert spoiled["store_id"].to_pylist() == ["S01", "S01", "S99", "S02"]
    assert marks == [(2, "duplicate"), (3, "unknown_code"), (4, "out_of_order")]


def _only(column: str):
    """A random stream whose next choice between the two codes is ``column``."""
    codes = tables.INVENTORY.columns_of("code")
    for seed in range(100):
        if stream(seed, "test").choice(codes) == column:
            return stream(seed, "test")
    raise AssertionError(f"no seed chooses {column}")


def test_snapshots_keep_their_types_when_spoiled(dirty):
    spoiled = {m["file"] for m in dirty.dirt() if m["kind"] in ("truncated_file", "empty_file")}
    for path in dirty.files("supply/inventory_snapshots"):
        if path.relative_to(dirty.root).as_posix() not in spoiled:
            assert str(pq.read_schema(path).field("on_hand_quantity").type) == "int32"
