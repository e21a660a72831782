"""Every record of every CSV file arrives: loaded or rejected, numbered, with its text."""

import tempfile
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataops.landing import LandingSource
from tests.integration.landing.csv_oracle import records
from tests.integration.landing.loading import Loading, declare

COLUMNS = ("a", "b", "c")
SOURCES = [
    declare(dict.fromkeys(COLUMNS, "varchar"), "*.csv", "csv", delimiter=delimiter)
    for delimiter in (",", ";", "\t", "|")
]

PIECES = [b"x", b"7", b" ", b",", b'"', b'""', b"\n", b"\r\n", b"\r", "é".encode(), b"\\", b"'"]
PIECES += [b"#", b"\xff", b"\0", b"\t", b'","', b'"\n', b',"', b'" "', b"\n\n", b";", b"NULL"]
plain = st.sampled_from([b"x", b"7", b"y z", "é".encode(), b"", b"NULL"])
quoted = st.lists(
    st.sampled_from([b"x", b'""', b",", b"\n", b"\r\n", b" ", b"\\"]), max_size=4
).map(lambda parts: b'"' + b"".join(parts) + b'"')
junk = st.lists(st.sampled_from(PIECES), max_size=8).map(b"".join)
record = st.one_of(
    st.lists(plain, min_size=3, max_size=3).map(b",".join),
    st.lists(plain, min_size=3, max_size=3).map(b",".join),
    st.lists(st.one_of(plain, quoted), min_size=3, max_size=3).map(b",".join),
    st.lists(st.one_of(plain, quoted), min_size=1, max_size=5).map(b",".join),
    junk,
)


@st.composite
def csv_files(draw: st.DrawFn) -> bytes:
    """Draw a CSV file: a header that is right, and records that need not be."""
    end = draw(st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"]))
    start = draw(st.sampled_from([b"", b"", b"", b"\xef\xbb\xbf", b"\n"]))
    lines = [b",".join(name.encode() for name in COLUMNS), *draw(st.lists(record, max_size=6))]
    return start + end.join(lines) + draw(st.sampled_from([end, end, b""]))


def _loaded(fields: list[bytes]) -> tuple[str | None, ...] | None:
    """Return the row a record must give; None if it must be rejected."""
    if len(fields) < 3 or any(fields[3:]) or b"\0" in b"".join(fields):
        return None
    try:
        return tuple(field.decode() or None for field in fields[:3])
    except UnicodeDecodeError:
        return None


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SOURCES), st.lists(csv_files(), min_size=1, max_size=6))
def test_each_record_of_a_nasty_csv_is_loaded_or_rejected_with_its_number_and_text(
    source: LandingSource, contents: list[bytes]
) -> None:
    delimiter = source.delimiter.encode()
    contents = [content.replace(b",", delimiter) for content in contents]
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as conn:
        loading = Loading(Path(folder), conn)
        for number, content in enumerate(contents):
            loading.write(f"{number}.csv", content)
        loading.one(source)
        loaded = {(f, r): values for f, r, *values in loading.table(source, "_file, _row, a, b, c")}
        rejected = {(f, r): raw for f, r, raw in loading.rejects("file, row, raw")}
    for number, content in enumerate(contents):
        for row, expected in enumerate(records(content, delimiter)[1:], start=1):
            at = (f"{number}.csv", row)
            # A NUL or a byte that is not UTF-8 counts wherever in the record it stands.
            values = _loaded(expected.fields) if expected.fields is not None else None
            if b"\0" in expected.raw or _shown(expected.raw) != expected.raw.decode(
                "utf-8", "replace"
            ):
                values = None
            if values is not None:
                assert tuple(loaded.pop(at)) == values
            else:
                assert rejected.pop(at) == _shown(expected.raw)
    assert not loaded
    assert not rejected
