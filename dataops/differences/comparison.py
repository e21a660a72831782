"""Two sides of one table: whether they are equal, whether a key holds, which rows to look at.

Equal tables cost one pass over each, for a sum of their rows' hashes, which no order changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from dataops.differences.difference import ColumnDifference, Sample
from dataops.differences.pairs import Pair
from dataops.differences.sides import Side


@dataclass(frozen=True)
class Rows:
    """What comparing the rows gave; :class:`TableDifference` says what each field means."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    columns: tuple[ColumnDifference, ...] = ()
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Two sides of one table, the columns both have, those of them that are the key."""

    connection: DuckDBPyConnection
    old: Side
    new: Side
    pairs: tuple[Pair, ...]
    key: tuple[Pair, ...]
    most_samples: int

    @property
    def joined(self) -> str:
        """SQL: each row of ``moved`` that both sides have, with both its rows."""
        return (
            f"moved inner join {self.old.source} as o on o.rowid = moved.o_id "
            f"inner join {self.new.source} as n on n.rowid = moved.n_id"
        )

    def one(self, sql: str) -> tuple[Any, ...]:
        """Return the only row of ``sql``."""
        row: tuple[Any, ...] | None = self.connection.execute(sql).fetchone()
        return row or ()

    def total(self, side: Side) -> tuple[int, int]:
        """Return the number of rows of ``side`` and the sum of their hashes."""
        rows, hashes = self.one(
            f"select count(*), coalesce(sum({self.hash_of(side)}), 0) {side.from_sql}"
        )
        return int(rows), int(hashes)

    def repeated(self, side: Side) -> int:
        """Return how many values of the key stand in more than one row of ``side``.

        Counted by hash first, which takes a fraction of the keys' memory.
        """
        key = ", ".join(pair.compared(side) for pair in self.key)
        return self._repeated(side, f"hash({key})") and self._repeated(side, key)

    def hash_of(self, side: Side) -> str:
        """Return SQL for the hash (64 bits) of a row's common columns.

        Hashed twice: DuckDB joins the columns' hashes by xor, whose sums stay equal too easily
        when two rows swap a value.
        """
        values = ", ".join(pair.hashed(side) for pair in self.pairs)
        return f"hash(hash({values or '0'}))"

    def hashed(self, side: Side, more: Sequence[str] = ()) -> str:
        """Return SQL for each row's ``id``, its hash ``h`` and what ``more`` selects."""
        columns = [f"{side.alias}.rowid as id", f"{self.hash_of(side)} as h", *more]
        return f"select {', '.join(columns)} {side.from_sql}"

    def keep(self, name: str, select: str) -> None:
        """Keep the rows of ``select`` in the temporary table ``name``.

        ``moved`` has ``o_id`` and ``n_id``, the rows that may differ; null where a side has none.
        """
        self.connection.execute(f"create or replace temp table {name} as {select}")

    def _repeated(self, side: Side, by: str) -> int:
        (found,) = self.one(
            f"select count(*) from (select 1 {side.from_sql} group by {by} having count(*) > 1)"
        )
        return int(found)
