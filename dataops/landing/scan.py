"""One reading of a file's bytes, for its sha256 and for what decides how it may be read."""

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dataops.landing.records import BLOCK_BYTES, BOM

TAIL_BYTES = 8
SPACED = (b'" "', b'"  ', b'  "')


@dataclass
class Scan:
    """What the bytes told; of the last six only if they were read as text.

    ``is_plain``: line ends of one kind, no empty line, no NUL, no BOM. ``lines``: line ends and an
    unended last line. ``has_spaced_quotes``: spaces about quotes in a way that DuckDB reads as its
    own.
    """

    sha256: str = ""
    head: bytes = b""
    tail: bytes = b""
    lines: int = 0
    is_ended: bool = True
    is_plain: bool = True
    is_utf8: bool = True
    has_spaced_quotes: bool = False


def scan_file(path: Path, *, as_text: bool) -> Scan:
    """Read the file once; OSError if that fails."""
    result, digest = Scan(), hashlib.sha256()
    reader = _LineReader() if as_text else None
    for block in _blocks(path):
        digest.update(block)
        result.head = result.head or block
        result.tail = (result.tail + block)[-TAIL_BYTES:]
        if reader:
            reader.feed(block)
    result.sha256 = digest.hexdigest()
    if reader:
        reader.finish(result)
    return result


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(BLOCK_BYTES):
            yield block


class _LineReader:
    """Takes a file's blocks one after the other and counts."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._before = b"\n"
        self._is_first = True
        self._feeds = self._returns = self._pairs = 0
        self._is_utf8 = self._is_plain = True
        self._spaced_quotes = False

    def feed(self, block: bytes) -> None:
        """Take the next block; ``_before`` carries the bytes in front of it."""
        joined = self._before + block
        if self._is_first:
            self._is_plain, self._is_first = not block.startswith(BOM), False
        self._feeds += block.count(b"\n")
        if b"\r" in joined:
            self._returns += block.count(b"\r")
            self._pairs += (self._before[-1:] + block).count(b"\r\n")
        if b"\n\n" in joined or b"\n\r" in joined or b"\0" in block:
            self._is_plain = False
        if b'"' in joined:
            self._spaced_quotes |= any(s in joined for s in SPACED)
        self._decode(block)
        self._before = joined[-2:]

    def _decode(self, block: bytes) -> None:
        try:
            if self._is_utf8 and not (block.isascii() and not self._decoder.getstate()[0]):
                self._decoder.decode(block)
        except UnicodeDecodeError:
            self._is_utf8 = False

    def finish(self, result: Scan) -> None:
        """Write what was counted into ``result``."""
        if self._decoder.getstate()[0]:
            self._is_utf8 = False
        one_kind = not self._returns or self._returns == self._pairs == self._feeds
        result.is_plain = self._is_plain and one_kind
        result.is_utf8 = self._is_utf8
        result.has_spaced_quotes = self._spaced_quotes
        result.is_ended = self._before.endswith((b"\n", b"\r"))
        result.lines = self._feeds + (not self._before.endswith(b"\n"))
