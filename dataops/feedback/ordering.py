"""What a condition of SQL says of which of two columns is earlier."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

# A column by the name of the table, CTE or subquery that has it there.
Name = tuple[str, str]

# Only its sign counts, so that a month may be any number of days above 0.
_DAYS = {
    "microsecond": 1e-11, "millisecond": 1e-8, "second": 1e-5, "minute": 1e-3, "hour": 1 / 24,
    "day": 1.0, "week": 7.0, "month": 30.0, "quarter": 91.0, "year": 365.0,
}  # fmt: skip
# A difference counted in these is of days at least.
_WHOLE_DAYS = frozenset({"day", "week", "month", "quarter", "year"})
_WITH_HOURS = ("TIMESTAMP", "DATETIME")
_FLIPPED = {exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE}


@dataclass(frozen=True)
class Order:
    """The day of ``earlier`` is not after that of ``later``; with ``is_strict`` it is before it."""

    earlier: Name
    later: Name
    is_strict: bool


@dataclass(frozen=True)
class _Moment:
    """A column and what is added to it, in days; ``as_date`` where it is cut to its day."""

    column: Any
    days: float
    as_date: bool

    @property
    def name(self) -> Name:
        return (self.column.table, self.column.name)


def conjuncts(condition: Any) -> list[Any]:
    """Return the conditions that all hold where ``condition`` does."""
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        return [*conjuncts(inner.left), *conjuncts(inner.right)]
    return [inner]


def orders(condition: Any) -> Iterator[Order]:
    """Yield what one condition says of the times it compares; of what it is else, nothing."""
    if isinstance(condition, exp.Between):
        if not condition.args.get("symmetric"):
            yield from orders(exp.GTE(this=condition.this, expression=condition.args["low"]))
            yield from orders(exp.LTE(this=condition.this, expression=condition.args["high"]))
    elif isinstance(condition, exp.EQ):
        yield from _equal(condition)
    elif isinstance(condition, exp.GT | exp.GTE):
        flipped = _FLIPPED[type(condition)]
        yield from orders(flipped(this=condition.expression, expression=condition.this))
    elif isinstance(condition, exp.LT | exp.LTE):
        yield from _less(condition)


def moved(part: Any) -> tuple[Name, float] | None:
    """Return the column that ``part`` renames or casts, and by how many days it moves it."""
    moment = _moment(part.unalias())
    return (moment.name, moment.days) if moment else None


def _less(condition: Any) -> Iterator[Order]:
    counted = _counted(condition)
    if counted is not None:
        yield counted
        return
    left, right = _moment(condition.this), _moment(condition.expression)
    ahead = _ahead(left, right) if left and right else None
    if left and right and ahead is not None and ahead <= 0:
        is_strict = ahead < 0 or isinstance(condition, exp.LT)
        yield Order(left.name, right.name, is_strict and _is_of_days(right, ahead))


def _equal(condition: Any) -> Iterator[Order]:
    counted = _counted(condition)
    if counted is not None:
        yield counted
        return
    left, right = _moment(condition.this), _moment(condition.expression)
    ahead = _ahead(left, right) if left and right else None
    if left and right and ahead is not None:
        if ahead <= 0:
            yield Order(left.name, right.name, ahead < 0 and _is_of_days(right, ahead))
        if ahead >= 0:
            yield Order(right.name, left.name, ahead > 0 and _is_of_days(left, -ahead))


def _ahead(left: _Moment, right: _Moment) -> float | None:
    """Return by how much ``right`` is put off more: left < right + that; None where both are."""
    return None if left.days and right.days else right.days - left.days


def _is_of_days(later: _Moment, ahead: float) -> bool:
    """Whether what is before ``later`` is of a day before: noon is after its own day's midnight."""
    return later.as_date or not _type(later.column).startswith(_WITH_HOURS) or ahead <= -1


def _counted(condition: Any) -> Order | None:
    """Return what ``n < date_diff('day', a, b)``, ``n <= …`` or ``n = …`` says of a and b."""
    least, difference = (_uncast(each) for each in (condition.this, condition.expression))
    if isinstance(condition, exp.EQ) and isinstance(least, exp.DateDiff):
        least, difference = difference, least
    if not isinstance(difference, exp.DateDiff) or not isinstance(least, exp.Literal):
        return None
    unit = str(difference.args.get("unit") or "day").lower()
    earlier, later = _moment(difference.expression), _moment(difference.this)
    if not (earlier and later) or earlier.days or later.days or unit not in _WHOLE_DAYS:
        return None
    number = _number(least)
    least_days = None if number is None else number + isinstance(condition, exp.LT)
    if least_days is None or least_days < 1:
        return None
    return Order(earlier.name, later.name, True)


def _uncast(part: Any) -> Any:
    inner = part.unnest()
    return inner.this if isinstance(inner, exp.Cast) and inner.to.this.name == "INT" else inner


def _moment(part: Any) -> _Moment | None:
    inner = part.unnest()
    if isinstance(inner, exp.Column) and not inner.is_star:
        return _Moment(inner, 0.0, False)
    if isinstance(inner, exp.Cast | exp.TryCast):
        kind = inner.to.this.name
        found = _moment(inner.this) if kind.startswith(("DATE", *_WITH_HOURS)) else None
        as_date = bool(found and (found.as_date or kind == "DATE"))
        return _Moment(found.column, found.days, as_date) if found else None
    if isinstance(inner, exp.Add | exp.Sub):
        found, days = _moment(inner.this), _days(inner.expression)
        if found and days is not None and not found.days:
            return _Moment(found.column, days if isinstance(inner, exp.Add) else -days,
                           found.as_date)  # fmt: skip
    return None


def _days(part: Any) -> float | None:
    """Return the days of an interval or, as dates have them, of a number written out."""
    inner = part.unnest()
    if isinstance(inner, exp.Interval):
        unit = str(inner.args.get("unit") or "").lower().removesuffix("s")
        number = _number(inner.this)
        return None if number is None or unit not in _DAYS else number * _DAYS[unit]
    if isinstance(inner, exp.ToDays):
        return _number(inner.this)
    return _number(inner)


def _number(part: Any) -> float | None:
    inner = part.unnest() if part is not None else None
    if isinstance(inner, exp.Neg):
        found = _number(inner.this)
        return None if found is None else -found
    try:
        return float(inner.name) if isinstance(inner, exp.Literal) else None
    except ValueError:
        return None


def _type(column: Any) -> str:
    """Return the column's type as sqlglot has found it, nothing where it is not known."""
    kind = column.type
    return str(kind.this.name) if kind is not None and not kind.is_type("unknown") else ""
