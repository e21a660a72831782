"""Columns as lineage knows them, and what each is made of."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, order=True)
class Place:
    """A column of a relation (``schema.name``) or, with ``scope``, of a CTE or subquery within.

    All names are in lower case, as DuckDB compares them.
    """

    relation: str
    column: str
    scope: str = ""

    def __str__(self) -> str:
        name = self.relation.split(".")[-1]
        return f"{name}({self.scope}).{self.column}" if self.scope else f"{name}.{self.column}"


class Made(StrEnum):
    """How a column is made of others."""

    SAME = "same"  # renamed or cast
    NEGATED = "negated"  # that, with the other sign
    RECODED = "recoded"  # its values named anew, or its nulls filled, by constants
    ROW = "row"  # an expression over one row
    ROWS = "rows"  # over several rows, or of the rows of several selects


@dataclass(frozen=True)
class Parent:
    """A column that another reads, by the name ``alias`` of the table, CTE or subquery there."""

    place: Place
    alias: str


@dataclass(frozen=True)
class Cell:
    """What one column is made of; ``unresolved`` says why not all of it is known."""

    made: Made
    parents: tuple[Parent, ...] = ()
    unresolved: str | None = None
