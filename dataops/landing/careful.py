"""Records that Python has read, on their way into DuckDB: a bounded number at a time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

import pyarrow as pa

from dataops.landing.files import LandingFile
from dataops.landing.records import Record
from dataops.landing.staging import StagedTable, Staging

MOST_ROWS = 50_000
MOST_CHARACTERS = 32 << 20
NAME = "goldloop_landing_records"

_SCHEMA = pa.schema(
    {
        "_at": pa.uint64(),
        "_row": pa.int64(),
        "_raw": pa.string(),
        "_why": pa.string(),
        "_fields": pa.list_(pa.string()),
    }
)

HandOver = Callable[[dict[int, LandingFile]], None]


class RecordTable:
    """Collects records and registers them as the Arrow table ``NAME`` when there are enough.

    The table has ``_at``, ``_row``, ``_raw``, ``_why`` and ``_fields``, null where the record's
    text has no quotes. ``hand_over`` gets the files it has records of.
    """

    def __init__(self, staging: Staging, hand_over: HandOver) -> None:
        self._staging = staging
        self._hand_over = hand_over
        self._rows: list[tuple[object, ...]] = []
        self._files: dict[int, LandingFile] = {}
        self._characters = 0

    def extend(
        self, at: int, file: LandingFile, records: Iterable[tuple[int, Record, str | None]]
    ) -> None:
        """Take records of one file, each with its number and why it is rejected as a whole."""
        for row, record, why in records:
            self._rows.append((at, row, record.raw, why, record.fields))
            self._characters += len(record.raw)
            if len(self._rows) >= MOST_ROWS or self._characters >= MOST_CHARACTERS:
                self._files[at] = file
                self.flush()
        self._files[at] = file

    def flush(self) -> None:
        """Hand over what has been collected."""
        rows, files = self._rows, self._files
        self._rows, self._files, self._characters = [], {}, 0
        if not rows:
            return
        columns = zip(*rows, strict=True)
        arrays = [
            pa.array(values, type=field.type)
            for values, field in zip(columns, _SCHEMA, strict=True)
        ]
        with self._staging.registered(NAME, pa.table(arrays, schema=_SCHEMA)):
            self._hand_over(files)


def fetch_raw(
    staging: Staging, table: StagedTable, read: Callable[[BinaryIO], Iterator[Record]]
) -> None:
    """Give the rejected records of a table their text, which DuckDB's readers do not hand out.

    ``read`` yields the records of a file, the first of them number 1.
    """
    rejected: dict[int, set[int]] = defaultdict(set)
    for at, rowid in staging.conn.execute(
        f"select _at, rowid from {table.sql} where _reason is not null"
    ).fetchall():
        if at in table.files:
            rejected[at].add(rowid - table.firsts[at] + 1)

    def update(_files: dict[int, LandingFile]) -> None:
        staging.conn.execute(
            f"update {table.sql} as staged set _raw = found._raw from {NAME} as found "
            "where staged.rowid = found._row"
        )

    found = RecordTable(staging, update)
    for at, rows in rejected.items():
        file, before = table.files[at], table.firsts[at] - 1
        with file.path.open("rb") as stream:
            numbered = enumerate(read(stream), start=1)
            found.extend(at, file, ((row + before, r, None) for row, r in numbered if row in rows))
    found.flush()
