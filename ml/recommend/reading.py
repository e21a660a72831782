"""Ratings read from a table: rows that say nothing are left out and counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column, Source
from ml.evaluation.metrics import Array, Codes


@dataclass(frozen=True)
class Met:
    """Rows of who met what, in the order of time; ``user`` and ``item`` are text.

    ``time`` [rows] is in microseconds; ``left_out`` says why rows were left out, and how many.
    """

    user: pa.Array
    item: pa.Array
    value: Array
    time: Codes
    left_out: tuple[tuple[str, int], ...] = ()

    def take(self, at: npt.NDArray[np.int64]) -> Met:
        """Return the rows at the positions ``at``."""
        places = pa.array(at)
        return Met(self.user.take(places), self.item.take(places), self.value[at], self.time[at])


def read(
    conn: DuckDBPyConnection,
    source: Source,
    user: Column,
    item: Column,
    rating: Column | None,
    time: Column,
    *,
    explicit: bool,
) -> Met:
    """Read the rows of ``source``; a pair met more than once counts with the latest one.

    Left out, and counted, are rows without user, item or time, with a rating that is null, NaN or
    infinite, and of choices with a strength that is not above 0.
    """
    value = f"cast({rating.sql} as double)" if rating else "cast(1 as double)"
    usable = f"value is not null and isfinite(value){'' if explicit else ' and value > 0'}"
    whole = "user_key is not null and item_key is not null and moment is not null"
    rows = (
        f"select cast({user.sql} as varchar) as user_key, cast({item.sql} as varchar) as item_key, "
        f"{value} as value, epoch_us({time.time_sql}) as moment from {source.relation.sql}"
    )
    counted = conn.execute(
        f"select count(*) filter (where not ({whole})), "
        f"count(*) filter (where ({whole}) and not coalesce({usable}, false)) from ({rows})"
    ).fetchall()[0]
    # Ordered in full, so that neither storage nor threads decide which of equal moments is last.
    met = _met(
        conn.execute(
            f"select * from ({rows}) where {whole} and {usable} "
            "qualify row_number() over (partition by user_key, item_key "
            "order by moment desc, value desc) = 1 order by moment, user_key, item_key"
        ).to_arrow_table()
    )
    what = "no finite rating" if explicit else "no strength above 0"
    said = (("no user, item or time", counted[0]), (what, counted[1]))
    return replace(met, left_out=tuple((why, int(many)) for why, many in said))


def _met(table: pa.Table) -> Met:
    return Met(
        _text(table["user_key"]),
        _text(table["item_key"]),
        table["value"].to_numpy(),
        table["moment"].to_numpy().astype(np.int64),
    )


def latest(users: Codes, share: float) -> npt.NDArray[np.bool_]:
    """Mark the latest ``share`` of the rows of each user, rounded down; rows are in time's order.

    So a user of few rows is learnt from alone, and nothing of a user held out is earlier than what
    is learnt of the same user.
    """
    order = np.argsort(users, kind="stable")
    counts = np.bincount(users)
    starts = np.cumsum(counts) - counts
    places = np.arange(len(users)) - np.repeat(starts, counts)
    keep = counts - np.floor(counts * share).astype(np.int64)
    held = np.zeros(len(users), dtype=np.bool_)
    held[order] = places >= np.repeat(keep, counts)
    return held


def _text(column: pa.ChunkedArray) -> pa.Array:
    made = column.cast(pa.string()).combine_chunks()
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
