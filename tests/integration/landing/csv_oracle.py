"""What is in a CSV file, told by a plain walk over its bytes: the reader that ingest is held to."""

from dataclasses import dataclass

ENDS = (b"\n", b"\r")


@dataclass(frozen=True)
class Expected:
    """A record's bytes without the line end, and its fields; None if its quotes are broken."""

    raw: bytes
    fields: list[bytes] | None


def records(data: bytes, delimiter: bytes = b",") -> list[Expected]:
    """Return all records of a file, the header among them."""
    found, at = [], 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while at < len(data):
        fields, end = _record(data, at, delimiter)
        if fields is None:
            end = _line_end(data, at)
        if end > at:
            found.append(Expected(data[at:end], fields))
        at = end + (2 if data[end : end + 2] == b"\r\n" else 1)
    return found


def _line_end(data: bytes, at: int) -> int:
    while at < len(data) and data[at : at + 1] not in ENDS:
        at += 1
    return at


def _record(data: bytes, at: int, delimiter: bytes) -> tuple[list[bytes] | None, int]:
    fields = []
    while True:
        field, at = _field(data, at, delimiter)
        if field is None:
            return None, at
        fields.append(field)
        if data[at : at + 1] != delimiter:
            return fields, at
        at += 1


def _field(data: bytes, at: int, delimiter: bytes) -> tuple[bytes | None, int]:
    start = at
    while data[at : at + 1] == b" ":
        at += 1
    if data[at : at + 1] != b'"':
        at = start
        while at < len(data) and data[at : at + 1] not in (delimiter, *ENDS):
            at += 1
        return data[start:at], at
    value, at = b"", at + 1
    while at < len(data):
        if data[at : at + 2] == b'""':
            value, at = value + b'"', at + 2
        elif data[at : at + 1] == b'"':
            at += 1
            while data[at : at + 1] == b" ":
                at += 1
            closed = at == len(data) or data[at : at + 1] in (delimiter, *ENDS)
            return (value if closed else None), at
        else:
            value, at = value + data[at : at + 1], at + 1
    return None, at
