"""Columns of a relation at hand: read once, of very many rows a sample."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column, Columns
from ml.data.features import Feature
from ml.monitoring.profile import AtHand, CountedText, SortedNumbers

# Of more rows than this so many are drawn: a share is then off by 0.001 at most, 19 times in 20.
MOST_ROWS = 1_000_000
AT_ONCE = 2
Type = Literal["number", "category", "length"]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Watched:
    """A column that is watched: its name, the SQL that gives it, and as what it is taken.

    ``length`` is a document, of which the number of its letters is watched.
    """

    name: str
    sql: str
    type: Type

    @property
    def read_sql(self) -> str:
        """The expression that is read: a double, or text."""
        if self.type == "number":
            return f"cast({self.sql} as double)"
        text = f"cast({self.sql} as varchar)"
        return f"cast(length({text}) as double)" if self.type == "length" else text


def watched_feature(feature: Feature, column: Column) -> Watched:
    """Return how ``feature``, which ``column`` gives, is watched; of a photo how large it is."""
    if feature.kind == "image":
        return Watched(feature.name, f"octet_length({column.feature_sql})", "number")
    kinds: Mapping[str, Type] = {"category": "category", "string": "category", "text": "length"}
    return Watched(feature.name, column.feature_sql, kinds.get(feature.kind, "number"))


def watched_column(column: Column) -> Watched | None:
    """Return how a plain ``column`` is watched; None for a time, which moves by itself."""
    if column.kind in ("number", "boolean"):
        return Watched(column.name, column.sql, "number")
    return Watched(column.name, column.sql, "category") if column.kind == "text" else None


def watched_columns(columns: Columns) -> list[Watched]:
    """Return each of ``columns`` that can be watched."""
    return [each for each in map(watched_column, columns.values()) if each]


def read(
    conn: DuckDBPyConnection,
    rows_sql: str,
    columns: Sequence[Watched],
    values: Sequence[object] = (),
    beside: Sequence[str] = (),
) -> tuple[int, pa.Table]:
    """Return how many rows ``rows_sql`` has, and ``columns`` of up to a million of them.

    ``rows_sql`` is what stands after ``from``, with ``values`` for its question marks; ``beside``
    are expressions read as text after the columns.
    """
    counted = conn.execute(f"select count(*) from {rows_sql}", list(values)).fetchone()
    rows = counted[0] if counted else 0
    asked = [each.read_sql for each in columns] + [f"cast({sql} as varchar)" for sql in beside]
    named = ", ".join(f"{sql} as c{at}" for at, sql in enumerate(asked)) or "1 as c0"
    share = 100 * MOST_ROWS / max(rows, 1)
    drawn = f" using sample {share:.6f} percent (bernoulli, 0)" if share < 100 else ""
    query = f"select {named} from {rows_sql}{drawn}"
    return rows, conn.execute(query, list(values)).to_arrow_table()


def at_hand(table: pa.Table, columns: Sequence[Watched]) -> list[AtHand]:
    """Return the values of the first columns of ``table``, which are ``columns``."""
    return [*_at_once(lambda at: _values(table.column(at), columns[at]), len(columns))]


def _values(values: pa.ChunkedArray, column: Watched) -> AtHand:
    if column.type == "category":
        return CountedText.of(values)
    return SortedNumbers.of(np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64))


def _at_once(work: Callable[[int], Found], many: int) -> Iterator[Found]:
    """Yield what ``work`` gives of 0, 1, 2 …; numpy and Arrow let go of Python's lock."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(work, range(many))
