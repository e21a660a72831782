"""The careful readers: blocks of any size, long lines, broken quotes."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataops.landing import records, scan
from dataops.landing.records import Record, csv_records, lines, text_records
from dataops.landing.scan import scan_file

pieces = st.sampled_from([b"a", b",", b'"', b"\n", b"\r", b"\r\n", b" ", "é".encode(), b"\0"])
contents = st.lists(pieces, max_size=30).map(b"".join)


@pytest.fixture(params=[1, 2, 3, 7])
def block_bytes(request: pytest.FixtureRequest) -> Iterator[int]:
    """Let files be read in blocks of a few bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK_BYTES", request.param)
        patch.setattr(scan, "BLOCK_BYTES", request.param)
        yield request.param


def _csv(content: bytes) -> list[Record]:
    return list(csv_records(io.BytesIO(content), ","))


@given(content=contents)
def test_lines_are_those_of_the_whole_file_whatever_the_block_size(content: bytes) -> None:
    whole = content.splitlines(keepends=True)
    for size in (1, 2, 5):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "BLOCK_BYTES", size)
            assert list(lines(io.BytesIO(content))) == whole


def test_a_scan_tells_the_same_whatever_the_block_size(tmp_path: Path, block_bytes: int) -> None:
    path = tmp_path / "x"
    for content, plain, count in [
        (b"a,b\n1,2\n", True, 2),
        (b"a,b\r\n1,2\r\n", True, 2),
        (b"a,b\r\n1,2\n", False, 2),
        (b"a,b\n1,2\r3,4\n", False, 2),
        (b"a,b\n\n1,2", False, 3),
        (b"\na,b\n", False, 2),
        (b'a,b\n"1",\0\n', False, 2),
        (b'a,b\n"\xc3\xa9",2', True, 2),
    ]:
        path.write_bytes(content)
        met = scan_file(path, as_text=True)
        assert (met.is_plain, met.lines) == (plain, count)
        assert met.is_utf8
        assert met.tail == content[-8:]
    path.write_bytes(b"a\xc3")
    assert not scan_file(path, as_text=True).is_utf8


def test_quoted_fields_lose_their_quotes_and_keep_all_else() -> None:
    (record,) = _csv(b'"a""b", c ,"x,\r\ny" ,\n')
    assert record.split(",") == ['a"b', " c ", "x,\r\ny", ""]
    assert record.raw == '"a""b", c ,"x,\r\ny" ,'


def test_a_quote_that_never_closes_costs_its_line_only() -> None:
    met = _csv(b'a\n"b\nc\n"d"\n')
    assert [(record.raw, record.reason) for record in met] == [
        ("a", None),
        ('"b', "text follows a closing quote"),
        ("c", None),
        ('"d"', None),
    ]
    assert _csv(b'a\n"b\nc\n')[1].reason == "a quote is opened and never closed"


def test_a_record_beyond_the_limit_is_rejected_and_reading_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "LONGEST_RECORD_BYTES", 100)
    monkeypatch.setattr(records, "BLOCK_BYTES", 16)
    long, open_quote = b"x" * 5000, b'"' + b"y\n" * 90
    met = _csv(b"a\n" + long + b"\nb\n" + open_quote + b"c\n")
    reasons = [record.reason for record in met if record.reason]
    assert reasons == ["longer than 16 MiB", "a quote is opened and never closed"]
    assert [record.raw for record in met if not record.reason] == ["a", "b", *["y"] * 89, "c"]
    (line,) = text_records(io.BytesIO(long))
    assert line.reason == "longer than 16 MiB"
    assert len(line.raw) < 2000


def test_the_time_taken_grows_with_the_size_of_a_broken_file_and_no_faster() -> None:
    """A quote opened on each line is looked for to the end of the next line, not of the file."""
    count = 20_000
    met = _csv(b'a,"b\n' * count)
    assert len(met) == count
    assert {record.reason for record in met[:-1]} == {"text follows a closing quote"}
