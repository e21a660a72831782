"""What must hold of a table's rows before anything is learnt from them or told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from duckdb import DuckDBPyConnection

from ml.columns import Column, Source
from ml.errors import PipelineError
from ml.relation import quote

MOST_CLASSES = 100
# Types of a key that are counted by a bit for each value there could be, and how many bits may be.
_COUNTED = frozenset(
    ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
)
_BITS_A_ROW, _MOST_BITS = 64, 1 << 28


@dataclass(frozen=True)
class Grain:
    """The columns that make a row one of its kind.

    With ``by_day`` the time counts by its date, as predictions do; else by its instant.
    """

    key: Sequence[Column]
    time: Column | None
    by_day: bool = False

    @property
    def sql(self) -> list[str]:
        """The expressions that are unique together."""
        if self.time is None:
            return [column.sql for column in self.key]
        time = f"cast({self.time.time_sql} as date)" if self.by_day else self.time.time_sql
        return [*(column.sql for column in self.key), time]

    @property
    def names(self) -> str:
        """The names, for an error."""
        return ", ".join(column.name for column in (*self.key, self.time) if column)


def utc(now: datetime) -> datetime:
    """Return ``now`` as a naive UTC datetime (a naive one is taken to be UTC)."""
    return now.astimezone(UTC).replace(tzinfo=None) if now.tzinfo else now


def check_rows(conn: DuckDBPyConnection, source: Source, grain: Grain, now: datetime) -> int:
    """Return the number of rows of ``source``.

    Raises PipelineError for a null in the grain, a time after ``now`` and for repeated rows.
    """
    columns = [*grain.key, *([grain.time] if grain.time else [])]
    counted = ["count(*)", *(f"count({column.sql})" for column in columns)]
    rows, *present = _one(conn, f"select {', '.join(counted)} from {source.relation.sql}")
    for column, count in zip(columns, present, strict=True):
        if count < rows:
            raise PipelineError(
                f"'{column.name}' is null in {rows - count:,} of {rows:,} rows of "
                f"{source.relation}; a key and a time are never null",
                fix=f"fix the SQL of {source.dbt_name}, then: {source.build}",
            )
    if grain.time:
        check_past(conn, source, grain.time, now)
    if _different(conn, source, grain, rows) != rows:
        _check_repeats(conn, source, grain)
    return int(rows)


def check_past(conn: DuckDBPyConnection, source: Source, time: Column, now: datetime) -> None:
    """Raise PipelineError where ``time`` lies after ``now`` or is infinite in a row."""
    late, endless, latest = _one(
        conn,
        "select count(*) filter (where moment > ?), count(*) filter (where not isfinite(moment)), "
        "cast(max(moment) as varchar) "
        f"from (select {time.time_sql} as moment from {source.relation.sql})",
        [utc(now)],
    )
    if late or endless:
        met = f"'{latest}'" if late else "'-infinity'"
        raise PipelineError(
            f"'{time.name}' lies in the future or is infinite in {max(late, endless):,} rows of "
            f"{source.relation}: {met} was met; allowed: up to now, "
            f"{utc(now):%Y-%m-%d %H:%M:%S} UTC",
            fix=f"fix the SQL of {source.dbt_name}, then: {source.build}",
        )


def _different(conn: DuckDBPyConnection, source: Source, grain: Grain, rows: int) -> int | None:
    """Return how many different grains there are, None where bits would not count them.

    Whole numbers and days that lie close together have a bit each: a tenth of the work of a group.
    No number of the grain is null, and no day infinite.
    """
    if not rows or any(column.base not in _COUNTED for column in grain.key):
        return None
    places = [f"cast({column.sql} as bigint)" for column in grain.key]
    if grain.time:
        if not grain.by_day:
            return None
        places.append(f"cast({grain.sql[-1]} - date '1970-01-01' as bigint)")
    ends = ", ".join(f"min({place}), max({place})" for place in places)
    found = _one(conn, f"select {ends} from {source.relation.sql}")
    terms, size = [], 1
    for place, low, high in zip(places, found[::2], found[1::2], strict=True):
        terms.append(f"({place} - ({low})) * {size}")
        size *= high - low + 1
    if size > min(_BITS_A_ROW * rows, _MOST_BITS):
        return None
    bits = f"bitstring_agg({' + '.join(terms)}, 0, {size - 1})"
    (count,) = _one(conn, f"select bit_count({bits}) from {source.relation.sql}")
    return count


def _check_repeats(conn: DuckDBPyConnection, source: Source, grain: Grain) -> None:
    keys = grain.sql
    shown = ", ".join(f"cast({key} as varchar)" for key in keys)
    found = conn.execute(
        f"select count(*), {shown} from {source.relation.sql} group by {', '.join(keys)} "
        f"having count(*) > 1 order by {', '.join(keys)} limit 1"
    ).fetchone()
    if found:
        count, *values = found
        raise PipelineError(
            f"{source.relation} has {count:,} rows for one {grain.names}: "
            f"{', '.join(map(str, values))}; allowed: one row for each",
            fix=f"fix the SQL of {source.dbt_name} (or the key declared), then: {source.build}",
        )


def content_hash(conn: DuckDBPyConnection, source: Source, columns: Sequence[Column]) -> str:
    """Return a hash of the values in ``columns``, whatever the order of the rows.

    The hashes of the rows are added and xor-ed by DuckDB in one scan, and so is a second hash made
    of each; that makes an accident of equal sums out of the question, not an attack.
    """
    values = ", ".join(column.sql for column in columns)
    found = _one(
        conn,
        f"select count(*), sum(cast(one as hugeint)), bit_xor(one), sum(cast(two as hugeint)), "
        f"bit_xor(two) from (select one, hash('salt', one) as two "
        f"from (select hash({values}) as one from {source.relation.sql}))",
    )
    return "-".join("0" if part is None else f"{part:x}" for part in found)


def class_names(
    conn: DuckDBPyConnection, source: Source, label: Column, file: str
) -> tuple[str, ...]:
    """Return the values of ``label`` as text, in the order of the label's own type.

    Raises PipelineError for a single one, and for more than ``MOST_CLASSES``; ``file`` declares it.
    """
    name = quote(label.name)
    rows = conn.execute(
        f"select cast({name} as varchar) from (select distinct {name} from {source.relation.sql}) "
        f"where {name} is not null order by {name}"
    ).fetchall()
    classes = tuple(value for (value,) in rows)
    if len(classes) == 1:
        raise PipelineError(
            f"label '{label.name}' is '{classes[0]}' in every row of {source.relation}; "
            "two classes or more are needed",
            fix=f"look at how {source.dbt_name} makes the label, then: {source.build}",
        )
    if len(classes) > MOST_CLASSES:
        raise PipelineError(
            f"label '{label.name}' has {len(classes):,} classes in {source.relation} "
            f"({', '.join(classes[:3])}, …); allowed: up to {MOST_CLASSES}",
            fix=f"group them in the SQL of {source.dbt_name}, or judge a number by rmse, mae or r2 "
            f"in problem.success of {file}, then: {source.build}",
        )
    return classes


def _one(
    conn: DuckDBPyConnection, sql: str, values: Sequence[object] | None = None
) -> tuple[int, ...]:
    row = conn.execute(sql, values).fetchone()
    assert row is not None  # an aggregate without a group always has one row
    return row
