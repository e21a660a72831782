"""Records that Python has read, on their way into DuckDB: a bounded number at a time."""

from collections.abc import Callable, Sequence

import pyarrow as pa

from dataops.landing.files import LandingFile
from dataops.landing.records import Record
from dataops.landing.staging import Staging

MOST_ROWS = 50_000
MOST_CHARACTERS = 32 << 20


class RecordTable:
    """Collects records as rows of text and hands them over as an Arrow table when there are enough.

    The table has ``_at``, ``_row``, ``_raw``, ``_why`` and the text columns ``f0`` … of ``width``.
    ``hand_over`` gets the name under which it is registered, and the files it has records of.
    """

    def __init__(
        self,
        staging: Staging,
        width: int,
        hand_over: Callable[[str, dict[int, LandingFile]], None],
    ) -> None:
        self._staging = staging
        self._width = width
        self._hand_over = hand_over
        self._rows: list[tuple[object, ...]] = []
        self._files: dict[int, LandingFile] = {}
        self._characters = 0

    def add(
        self,
        at: int,
        file: LandingFile,
        row: int,
        record: Record,
        why: str | None,
        fields: Sequence[str | None],
    ) -> None:
        """Take one record: its number in the file and, if it is rejected as a whole, why."""
        self._files[at] = file
        self._rows.append((at, row, record.raw, why, *fields))
        self._characters += len(record.raw)
        if len(self._rows) >= MOST_ROWS or self._characters >= MOST_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Hand over what has been collected."""
        if not self._rows:
            return
        columns = list(zip(*self._rows, strict=True))
        types = [pa.uint64(), pa.int64()] + [pa.string()] * (2 + self._width)
        names = ["_at", "_row", "_raw", "_why"] + [f"f{i}" for i in range(self._width)]
        arrays = [pa.array(c, type=t) for c, t in zip(columns, types, strict=True)]
        name, files = "goldloop_landing_records", self._files
        self._rows, self._files, self._characters = [], {}, 0
        self._staging.conn.register(name, pa.table(dict(zip(names, arrays, strict=True))))
        try:
            self._hand_over(name, files)
        finally:
            self._staging.conn.unregister(name)
