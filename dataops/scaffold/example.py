"""Rows for the unit test of a new feature, and what they must give, worked out without SQL."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from dataops.scaffold.asked import AskedFeature, Column
from dataops.scaffold.text import quoted

MOMENT = datetime(2025, 5, 1)
_DAY = timedelta(days=1)
Row = dict[str, Any]


def given(asked: AskedFeature) -> list[Row]:
    """Return rows of the source: at each end of the window, before, after, late, of nobody."""
    rows = []
    for place, (time, known, superseded, is_somebodys) in enumerate(_cases(asked)):
        row: Row = {
            column.name: value(column, 0) if is_somebodys else None for column in asked.entity
        }
        if column := asked.aggregate.column:
            row.setdefault(column.name, value(column, place))
        row[asked.time.name] = _at(asked.time, time)
        if asked.known:
            row[asked.known.name] = _at(asked.known, known)
        if asked.superseded:
            row[asked.superseded.name] = _at(asked.superseded, superseded)
        rows.append(row)
    return rows


def moments(asked: AskedFeature) -> list[Row]:
    """Return the one moment that the rows are about, twice: a model of moments may repeat one."""
    return [{asked.as_of.name: _at(asked.as_of, MOMENT)} for _ in range(2)]


def expected(asked: AskedFeature, rows: Sequence[Row]) -> list[Row]:
    """Return what ``rows`` of the source must give, by a plain loop over moments and rows."""
    mine = [row for row in rows if all(row[column.name] is not None for column in asked.entity)]
    if asked.moments:
        every = [MOMENT]
    else:
        days = {_instant(row[asked.time.name]).date() for row in mine}
        every = [datetime.combine(day, datetime.min.time()) + _DAY for day in sorted(days)]
    found = []
    for moment in every:
        counted = [row for row in mine if _counts(asked, row, moment)]
        if counted:
            value = _aggregated(asked, counted)
            keys = {column.name: counted[0][column.name] for column in asked.entity}
            found.append(keys | {asked.name: value, asked.as_of.name: _at(asked.as_of, moment)})
    return found


def _cases(
    asked: AskedFeature,
) -> Iterator[tuple[datetime, datetime, datetime | None, bool]]:
    """Yield when a row happened, was known and was superseded, and whether it is somebody's."""
    step = _DAY if asked.time.is_date else timedelta(seconds=1)
    last = MOMENT - step
    yield last, MOMENT, None, True
    if asked.seconds is None:
        yield MOMENT - timedelta(days=4000), MOMENT - 3999 * _DAY, None, True
    else:
        first = MOMENT - timedelta(seconds=asked.seconds)
        yield first, first + min(_DAY, MOMENT - first), None, True
        yield first - step, first, None, True
    yield MOMENT, MOMENT + _DAY, None, True
    if asked.known:
        late = _DAY if asked.known.is_date else timedelta(seconds=1)
        yield last, MOMENT + late, None, True
    if asked.superseded:
        yield last, MOMENT, MOMENT, True
    yield last, MOMENT, None, False


def _counts(asked: AskedFeature, row: Row, moment: datetime) -> bool:
    time = _instant(row[asked.time.name])
    if time >= moment:
        return False
    if asked.seconds is not None and time < moment - timedelta(seconds=asked.seconds):
        return False
    if asked.known and _instant(row[asked.known.name]) > moment:
        return False
    end = row[asked.superseded.name] if asked.superseded else None
    return end is None or _instant(end) > moment


def _aggregated(asked: AskedFeature, rows: Sequence[Row]) -> Any:
    how, column = asked.aggregate.how, asked.aggregate.column
    if column is None:
        return len(rows)
    values = [row[column.name] for row in rows]
    if how == "count_distinct":
        return len(set(values))
    if how == "min":
        return min(values)
    if how == "max":
        return max(values)
    total = sum(values)
    return total if how == "sum" else float(total) / len(values)


def has_example(column: Column) -> bool:
    """Whether there are values of the column's type to write into a unit test."""
    return column.known.kind not in (None, "photo") or column.known.base == "UUID"


def value(column: Column, place: int) -> Any:
    """Return a value of the column for the row at ``place``, another one in each row.

    Of few labels, or within a narrow decimal, some are the same or near to each other. Numbers are
    powers of two where they fit, so that no two choices of rows have one sum.
    """
    base, kind = column.known.base, column.known.kind
    if base == "DECIMAL":
        return _decimal(column, place)
    if kind == "number":
        return _power(place)
    if kind == "boolean":
        return place % 2 == 0
    if kind == "time":
        return _at(column, MOMENT - (place + 1) * _DAY)
    if base == "UUID":
        return f"00000000-0000-4000-8000-00000000000{place}"
    labels = _of_type(column)["values"] if base == "ENUM" else "abcdefg"
    return labels[place % len(labels)]


def _power(place: int) -> int:
    return (1, 2, 4, 8, 16, 32, 64)[place]


def _decimal(column: Column, place: int) -> int | Decimal:
    holds = _of_type(column)
    digits: int = holds["precision"] - holds["scale"]
    if digits > 1:
        return _power(place)
    return place + 1 if digits else Decimal(place + 1).scaleb(-holds["scale"])


def _of_type(column: Column) -> dict[str, Any]:
    """Return what DuckDB says of the type: precision and scale, or the labels."""
    return dict(duckdb.sqltype(column.type).children)


def _at(column: Column, time: datetime | None) -> date | datetime | None:
    if time is None:
        return None
    return time.date() if column.is_date else time


def _instant(value: date | datetime) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return datetime.combine(value, datetime.min.time())


def flow(row: Mapping[str, Any], indent: int, width: int = 100) -> str:
    """Return ``row`` as an item of a YAML list, ``indent`` spaces in, broken at ``width``."""
    lines, line = [], " " * indent + "- {"
    for place, (name, value) in enumerate(row.items()):
        last = place == len(row) - 1
        text = f"{quoted(name)}: {scalar(value)}" + ("}" if last else ",")
        if len(line) + len(text) + 1 > width:
            lines.append(line.rstrip())
            line = " " * (indent + 3)
        line += text if line.endswith(("{", "   ")) or not line.strip() else f" {text}"
    return "\n".join([*lines, line])


def scalar(value: Any) -> str:
    """Return ``value`` as YAML."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if isinstance(value, str) else str(value)
