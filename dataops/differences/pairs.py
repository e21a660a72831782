"""A column that both tables have, and the SQL by which its two values are compared and shown."""

import re
from dataclasses import dataclass

from dataops.differences.difference import MASKED
from dataops.differences.sides import Side

_WHOLE = {f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")}
_WHOLE |= {"INTEGER", "UINTEGER"}
_FLOATS = {"FLOAT", "DOUBLE"}
_NUMBERS = _WHOLE | _FLOATS | {"DECIMAL"}
_TIMES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_NESTED = re.compile(r"^(STRUCT|MAP|UNION)\(|\]$")
_PARAMETERS = re.compile(r"\(.*\)$", re.DOTALL)


@dataclass(frozen=True)
class Pair:
    """One column of both sides; ``cast`` is the type they are compared in, None for their own."""

    name: str
    old: Side
    new: Side
    cast: str | None
    masked: bool = False
    tolerance: float = 0.0

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers on both sides."""
        return self._bases <= _NUMBERS

    @property
    def differs(self) -> str:
        """SQL: whether the values differ; null is equal to null, not-a-number to itself."""
        distinct = f"({self.compared(self.old)} is distinct from {self.compared(self.new)})"
        if not self.tolerance or not self.is_number or not self._bases & _FLOATS:
            return distinct
        return f"({distinct} and not coalesce({self.distance} <= {self.tolerance!r}, false))"

    @property
    def distance(self) -> str:
        """SQL: how far the values, as doubles, are apart."""
        return f"abs({self.number(self.old)} - {self.number(self.new)})"

    def compared(self, side: Side) -> str:
        """Return SQL for the value in the type both sides are compared in."""
        raw = side.raw(self.name)
        return f"cast({raw} as {self.cast})" if self.cast else raw

    def hashed(self, side: Side) -> str:
        """Return SQL for what stands for the value in its row's hash.

        Nested values go as text: the hash of a null is that of a struct of nulls.
        """
        is_nested = not self.cast and _NESTED.search(side.columns[self.name])
        return f"cast({side.raw(self.name)} as varchar)" if is_nested else self.compared(side)

    def number(self, side: Side) -> str:
        """Return SQL for the value as a double."""
        return f"cast({side.raw(self.name)} as double)"

    def shown(self, side: Side) -> str:
        """Return SQL for the value as the text of a sample."""
        raw = side.raw(self.name)
        if self.masked:
            return f"'{MASKED}'"
        if side.columns[self.name] == "BLOB":
            return f"octet_length({raw}) || ' bytes, md5 ' || md5({raw})"
        return f"cast({raw} as varchar)"

    @property
    def _bases(self) -> set[str]:
        return {_base(side.columns[self.name]) for side in (self.old, self.new)}


def pairs_of(
    old: Side, new: Side, *, skipped: frozenset[str], masked: frozenset[str], tolerance: float
) -> tuple[Pair, ...]:
    """Return the columns both sides have, in the new one's order, without those ``skipped``.

    ``masked`` holds names in lower case.
    """
    return tuple(
        Pair(
            name,
            old,
            new,
            _cast(old.columns[name], new.columns[name]),
            masked=name.casefold() in masked,
            tolerance=tolerance,
        )
        for name in new.columns
        if name in old.columns and name not in skipped
    )


def _cast(old: str, new: str) -> str | None:
    """Return the type in which values of the two types are compared; None for their own.

    Whole numbers are compared as text, which no size breaks; other numbers as doubles. A variant
    has no order of its own, so it cannot be compared as it is.
    """
    bases = {_base(old), _base(new)}
    if old == new:
        return "varchar" if "VARIANT" in old else None
    if bases <= _NUMBERS and not bases <= _WHOLE:
        return "double"
    return "timestamp" if bases <= _TIMES else "varchar"


def _base(type_: str) -> str:
    return _PARAMETERS.sub("", type_)
