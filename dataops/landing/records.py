"""The records of a CSV file and the lines of a text file, one by one and with their bytes.

DuckDB reads the files that are whole; this reader is for the others: it says of every record which
number it has, what it looked like and what is wrong with it. It follows RFC 4180 with three
readings of its own: an empty line is no record, a field may hold a quote if it does not begin with
one, and a record whose quoting is broken ends with its line, so that one stray quote costs one
record and not the rest of the file.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

BLOCK_BYTES = 1 << 20
LONGEST_RECORD_BYTES = 16 << 20
SHOWN_BYTES = 1 << 10
BOM = b"\xef\xbb\xbf"

_NOT_UTF8 = "not valid UTF-8"
_TOO_LONG = f"longer than {LONGEST_RECORD_BYTES >> 20} MiB"
_NUL = "holds a NUL byte"


class Record(NamedTuple):
    """One record: its text without the line end and, if something is wrong with it, what.

    ``fields`` is given where the text has quotes; elsewhere they are the text, cut at the
    delimiter.
    """

    raw: str
    reason: str | None = None
    fields: list[str] | None = None

    def split(self, delimiter: str) -> list[str]:
        """Return the fields."""
        return self.raw.split(delimiter) if self.fields is None else self.fields


def lines(stream: BinaryIO) -> Iterator[bytes]:
    r"""Yield the lines of ``stream`` with their ends (``\n``, ``\r\n`` or ``\r``), without a BOM.

    A line longer than ``LONGEST_RECORD_BYTES`` is cut just above that length, so that memory stays
    bounded.
    """
    rest, first = b"", True
    while block := stream.read(BLOCK_BYTES):
        if first:
            block, first = block.removeprefix(BOM), False
        whole = (rest + block).splitlines(keepends=True)
        # The last line may go on in the next block; so may a "\r" that is half of a "\r\n".
        rest = whole.pop() if whole and not whole[-1].endswith(b"\n") else b""
        yield from whole
        rest = rest[: LONGEST_RECORD_BYTES + BLOCK_BYTES]
    if rest:
        yield rest


def text_records(stream: BinaryIO) -> Iterator[Record]:
    """Yield the lines of ``stream`` that hold more than white space."""
    for line in lines(stream):
        body = line.strip(b"\r\n")
        if body.strip():
            yield _record(body)


def csv_records(stream: BinaryIO, delimiter: str) -> Iterator[Record]:
    """Yield the records of a CSV file, the header as the first of them."""
    source, waiting = lines(stream), deque[bytes]()
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            return
        body = line.rstrip(b"\r\n")
        if b'"' in body:
            yield _simple_record(body, delimiter) or _quoted_record(
                line, source, waiting, delimiter
            )
        elif body:
            yield _record(body)


def _simple_record(body: bytes, delimiter: str) -> Record | None:
    """Read a line by the standard library, if that reads it as is done here: it is quicker."""
    if b' "' in body or b"\0" in body or len(body) > LONGEST_RECORD_BYTES:
        return None
    try:
        text = body.decode()
        return Record(text, None, next(csv.reader([text], delimiter=delimiter, strict=True)))
    except (csv.Error, UnicodeDecodeError):
        return None


def _record(body: bytes, problem: str | None = None, fields: list[bytes] | None = None) -> Record:
    """Return ``body`` as a record; its reason is ``problem`` unless the bytes give a graver one."""
    if len(body) > LONGEST_RECORD_BYTES:
        return Record(shown(body[:SHOWN_BYTES]) + "…", _TOO_LONG)
    if b"\0" in body:
        return Record(shown(body), _NUL)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return Record(shown(body), _NOT_UTF8)
    return Record(text, problem, None if fields is None else [f.decode() for f in fields])


def shown(body: bytes) -> str:
    r"""Return ``body`` as text, bytes that are not UTF-8 and NULs written as ``\xNN``."""
    return body.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def _quoted_record(
    line: bytes, source: Iterator[bytes], waiting: deque[bytes], delimiter: str
) -> Record:
    """Read the record that begins with ``line``; lines read in vain go back to ``waiting``."""
    scanner, used, size = _Scanner(delimiter.encode()), [line], len(line)
    while scanner.feed(used[-1]):
        following = waiting.popleft() if waiting else next(source, None)
        if following is None or size > LONGEST_RECORD_BYTES:
            if following is not None:
                used.append(following)
            scanner.problem = "a quote is opened and never closed"
            break
        used.append(following)
        size += len(following)
    if scanner.problem:
        waiting.extendleft(reversed(used[1:]))
        return _record(line.rstrip(b"\r\n"), scanner.problem)
    return _record(b"".join(used).rstrip(b"\r\n"), fields=scanner.fields)


class _Scanner:
    """Takes the lines of one record, in bytes, until its quotes are closed."""

    def __init__(self, delimiter: bytes) -> None:
        self.fields: list[bytes] = []
        self.problem: str | None = None
        self._delimiter = delimiter
        self._open: list[bytes] | None = None

    def feed(self, line: bytes) -> bool:
        """Read one line; True if the record goes on in the next."""
        body = line.rstrip(b"\r\n")
        at = 0
        while True:
            if self._open is None:
                quote_at = self._after_spaces(body, at)
                if body.startswith(b'"', quote_at):
                    self._open, at = [], quote_at + 1
            if self._open is None:
                end = body.find(self._delimiter, at)
                self.fields.append(body[at:] if end < 0 else body[at:end])
            else:
                end = self._closing_quote(line, at)
                if end < 0:
                    self._open.append(line[at:])
                    return True
                self.fields.append(b"".join([*self._open, line[at:end]]).replace(b'""', b'"'))
                self._open, end = None, self._after_spaces(body, end + 1)
                if end < len(body) and not body.startswith(self._delimiter, end):
                    self.problem = "text follows a closing quote"
                    return False
                end = end if end < len(body) else -1
            if end < 0:
                return False
            at = end + len(self._delimiter)

    @staticmethod
    def _after_spaces(body: bytes, at: int) -> int:
        """Return the first place from ``at`` on that is no space: DuckDB passes over them too."""
        while body.startswith(b" ", at):
            at += 1
        return at

    @staticmethod
    def _closing_quote(line: bytes, at: int) -> int:
        """Return where the quote that ends the field stands, -1 if it is not in this line."""
        while (end := line.find(b'"', at)) >= 0 and line[end + 1 : end + 2] == b'"':
            at = end + 2
        return end
