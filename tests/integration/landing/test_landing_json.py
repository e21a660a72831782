"""JSON in lines and in whole files."""

import json
import tempfile
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.landing.loading import Loading, declare

EVENTS = declare(
    {"event_id": "varchar", "seconds": "double", "at": "timestamp"},
    "events/*.jsonl",
    "jsonl",
    name="app.events",
    key=["event_id"],
)
GOOD = '{"event_id": "E1", "seconds": 1.5, "at": "2025-03-01T12:34:56Z"}'
ORDERS = declare(
    {
        "id": "varchar",
        "lines": "struct(n integer, sku varchar, sent date)[]",
        "extra": "json",
        "tags": "map(varchar, integer)",
        "expected": "date",
    },
    "po/*.json",
    "json",
    name="supply.orders",
    key=["id"],
    optional=["extra", "tags", "expected"],
)


def test_lines_arrive_typed_and_zulu_times_as_utc(loading: Loading) -> None:
    loading.conn.execute("set timezone = 'Asia/Tokyo'")
    loading.write("events/a.jsonl", GOOD + '\n{"at": null, "seconds": null, "event_id": "E2"}\n')
    loading.write("events/b.jsonl", GOOD)
    loading.one(EVENTS)
    first = ("E1", 1.5, datetime(2025, 3, 1, 12, 34, 56), 1)
    rows = loading.table(EVENTS, 'event_id, seconds, "at", _row')
    assert rows == [first, ("E2", None, None, 2), first]


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ('{"event_id": "E2", "secon', None, "it is not valid JSON"),
        ("plain words", None, "it is not valid JSON"),
        (GOOD + GOOD, None, "it is not valid JSON"),
        ("[1, 2]", None, "it is not a JSON object but a value of type array"),
        ("5", None, "it is not a JSON object but a value of type ubigint"),
        ('{"event_id": "E2", "seconds": "long"}', "seconds", "'long' is not DOUBLE"),
        ('{"event_id": null}', "event_id", "is empty and is part of the key"),
        ("{}", "event_id", "is empty and is part of the key"),
        ('{"event_id": "E2", "at": "noon"}', "at", "'noon' is not TIMESTAMP"),
    ],
)
def test_a_broken_line_is_rejected_with_its_number_and_text(
    loading: Loading, line: str, column: str | None, reason: str
) -> None:
    loading.write("events/a.jsonl", f"{GOOD}\n{line}\n{GOOD}\n")
    loading.write("events/b.jsonl", f"\ufeff{GOOD}\r\n\r\n{line}\r\n  \n{GOOD}")
    loading.one(EVENTS)
    for row, met_column, met_reason, raw in loading.rejects():
        assert (row, met_column, raw) == (2, column, line)
        assert reason in met_reason
    assert loading.table(EVENTS, "_row") == [(1,), (3,), (1,), (3,)]


def test_bytes_that_are_not_utf8_reject_their_line(loading: Loading) -> None:
    loading.write("events/a.jsonl", b'{"event_id": "\xff"}\n' + GOOD.encode())
    loading.one(EVENTS)
    assert loading.rejects() == [(1, None, "not valid UTF-8", '{"event_id": "\\xff"}')]
    assert loading.table(EVENTS, "_row") == [(2,)]


def test_a_key_that_no_object_of_a_file_has_rejects_the_file(loading: Loading) -> None:
    loading.write("events/a.jsonl", '{"event_id": "E1", "at": null}\n{"event_id": "E2"}\n')
    loading.write("events/b.jsonl", GOOD)
    report = loading.one(EVENTS)
    reason = "column 'seconds' is not in the file; it has: event_id, at"
    assert [r for _, _, r, _ in loading.rejects()] == [reason, reason]
    assert (report.files_failed, report.loaded) == (1, 1)


def test_a_key_that_is_not_declared_is_told(loading: Loading) -> None:
    loading.write("events/a.jsonl", GOOD[:-1] + ', "os": "ios"}')
    report = loading.one(EVENTS)
    assert report.loaded == 1
    assert "column 'os' is not declared" in report.messages[0]


def test_whole_files_hold_an_array_or_one_object(loading: Loading) -> None:
    full = {
        "id": "P1",
        "lines": [{"n": 1, "sku": "a", "sent": "2025-01-02", "new": True}, {"n": 2}],
        "extra": {"a": [1]},
        "tags": {"x": 1},
        "expected": "2025-02-03",
    }
    loading.write("po/a.json", json.dumps([full, {"id": "P2", "lines": None}], indent=2))
    loading.write("po/b.json", "\ufeff" + json.dumps({"id": "P3", "lines": []}))
    loading.write("po/c.json", "[]")
    report = loading.one(ORDERS)
    assert loading.table(ORDERS, "id, lines, extra, tags, expected, _row") == [
        (
            "P1",
            [
                {"n": 1, "sku": "a", "sent": date(2025, 1, 2)},
                {"n": 2, "sku": None, "sent": None},
            ],
            '{"a":[1]}',
            {"x": 1},
            date(2025, 2, 3),
            1,
        ),
        ("P2", None, None, None, None, 2),
        ("P3", [], None, None, None, 1),
    ]
    assert (report.files_loaded, report.rejected) == (3, 0)


@pytest.mark.parametrize(
    "lines", ['[{"n": "x"}]', '[{"n": 1.5}]', '[{"sent": "no"}]', '{"n": 1}', "[5]", '"text"']
)
def test_a_nested_value_that_does_not_fit_rejects_its_record(loading: Loading, lines: str) -> None:
    loading.write("po/a.json", f'[{{"id": "P1", "lines": {lines}}}, {{"id": "P2", "lines": []}}]')
    loading.one(ORDERS)
    assert loading.rejects("row, column_name") == [(1, "lines")]
    assert loading.table(ORDERS, "id, _row") == [("P2", 2)]


def test_elements_that_are_no_objects_are_rejected_one_by_one(loading: Loading) -> None:
    loading.write("po/a.json", '[{"id": "P1", "lines": []}, 5, null, ["x"]]')
    loading.one(ORDERS)
    assert loading.rejects("row, raw") == [(2, "5"), (3, "null"), (4, '["x"]')]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"id": "P1", "lines": []}, {"id"', "no valid JSON"),
        (b"5", "a value of type ubigint"),
        (b"null", "a value of type null"),
        (b'{"id": "P\xff"}', "not valid UTF-8"),
        (b"  ", "no valid JSON"),
    ],
)
def test_a_file_that_is_no_json_fails_as_one_and_the_others_load(
    loading: Loading, content: bytes, message: str
) -> None:
    loading.write("po/a.json", content)
    loading.write("po/b.json", '{"id": "P3", "lines": []}')
    report = loading.one(ORDERS)
    assert message in report.messages[0]
    assert loading.files() == [("po/a.json", 1, 0, 1, "failed"), ("po/b.json", 1, 1, 0, "loaded")]
    assert loading.rejects("row, raw") == [(None, None)]


def test_empty_files_give_no_rows(loading: Loading) -> None:
    loading.write("po/a.json", "")
    loading.write("events/a.jsonl", "")
    loading.write("events/b.jsonl", "\n \n")
    one, two = loading.ingest(ORDERS, EVENTS)
    assert one.messages == ["po/a.json: it is empty (0 bytes)"]
    assert two.messages == ["events/a.jsonl: it is empty (0 bytes)"]
    assert (one.rows, two.rows) == (0, 0)


keys = st.sampled_from(["a", "b", "c d"])
values = st.one_of(st.none(), st.integers(-9, 9), st.text(max_size=3), st.booleans())
objects = st.dictionaries(keys, values).map(json.dumps)
junk = st.one_of(
    objects.flatmap(lambda text: st.integers(0, len(text)).map(lambda n: text[:n])),
    st.text('{}[]":, 1a\\\t\x0bé\x1f', max_size=8),
    st.sampled_from(["", "  ", "null", "[]", "1 2", '{"a":1} {"a":2}', "{}{}", "\x00"]),
)
ends = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n"])
NASTY = declare({"a": "varchar", "b": "varchar"}, "*.jsonl", "jsonl", optional=["a", "b"])


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(st.tuples(st.one_of(objects, objects, junk), ends), max_size=6).map(
            lambda lines: "".join(line + end for line, end in lines)
        ),
        min_size=1,
        max_size=5,
    )
)
def test_each_line_of_nasty_jsonl_is_loaded_or_rejected_with_its_number_and_text(
    contents: list[str],
) -> None:
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as conn:
        loading = Loading(Path(folder), conn)
        for number, content in enumerate(contents):
            loading.write(f"{number}.jsonl", content)
        loading.one(NASTY)
        loaded = {(f, r): (a, b) for f, r, a, b in loading.table(NASTY, "_file, _row, a, b")}
        rejected = {(f, r): raw for f, r, raw in loading.rejects("file, row, raw")}
    for number, content in enumerate(contents):
        lines = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for row, line in enumerate((x for x in lines if x.strip(" \t\x0b\x0c")), start=1):
            at = (f"{number}.jsonl", row)
            if _is_object(line):
                met = json.loads(line)
                wanted = tuple(
                    value if value is None or isinstance(value, str) else json.dumps(value)
                    for value in (met.get("a"), met.get("b"))
                )
                assert loaded.pop(at) == wanted
            else:
                assert rejected.pop(at) == line.replace("\0", "\\x00")
    assert not loaded
    assert not rejected
