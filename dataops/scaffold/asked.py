"""What is asked for of a new feature, every name looked up and every type known."""

from dataclasses import dataclass
from functools import cached_property

import duckdb

from dataops.features.declaration import ttl_seconds
from ml.columns import WHOLE
from ml.columns import Column as DuckDBColumn

_ROUNDED = ("FLOAT", "DOUBLE")
AGGREGATES = ["count", "count_distinct", "sum", "avg", "min", "max"]


@dataclass(frozen=True)
class Column:
    """A column with its type as the project writes it, and what it says."""

    name: str
    type: str
    description: str = ""

    @cached_property
    def known(self) -> DuckDBColumn:
        """The column with its type as DuckDB calls it, whatever alias the project writes."""
        try:
            return DuckDBColumn(self.name, str(duckdb.sqltype(self.type)))
        except duckdb.Error:
            return DuckDBColumn(self.name, self.type)

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers."""
        return self.known.base in WHOLE

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.known.kind == "number"

    @property
    def is_date(self) -> bool:
        """Whether it holds dates without a time of day."""
        return self.known.base == "DATE"

    @property
    def is_zoned(self) -> bool:
        """Whether it holds moments that a session shows in its own time zone."""
        return self.known.base == "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True)
class Aggregate:
    """How many rows become one value; ``column`` is None for a count of rows."""

    how: str
    column: Column | None

    @property
    def type(self) -> str:
        """The type of the value."""
        if self.how in ("count", "count_distinct"):
            return "integer"
        assert self.column
        if self.how == "avg":
            return "double"
        if self.how == "sum":
            return "bigint" if self.column.is_whole else "double"
        return self.column.type

    @property
    def counts(self) -> bool:
        """Whether an entity without a row has 0, and not nothing."""
        return self.how in ("count", "count_distinct", "sum")

    def sql(self, name: str) -> str:
        """Return SQL of the value over the column called ``name``.

        Doubles are summed in their own order, so that the order of the rows changes no digit. As
        decimals they would lose digits, and one that is no number would fail. Decimals are exact.
        """
        if self.how == "count":
            return "cast(count(*) as integer)"
        if self.how == "count_distinct":
            return f"cast(count(distinct {name}) as integer)"
        if self.how in ("sum", "avg") and self.column and self.column.known.base in _ROUNDED:
            return f"cast({self.how}({name} order by {name}) as {self.type})"
        return f"cast({self.how}({name}) as {self.type})"


@dataclass(frozen=True)
class Moments:
    """The model whose rows are the moments that values are as of; None: the days after a row."""

    model: str
    column: Column


@dataclass(frozen=True)
class AskedFeature:
    """A feature to write: ``name`` is its column, ``view`` its model, ``source`` what it reads."""

    name: str
    view: str
    description: str
    owner: str
    says_owner: bool
    entity: tuple[Column, ...]
    source: str
    time: Column
    known: Column | None
    superseded: Column | None
    aggregate: Aggregate
    window: str
    moments: Moments | None
    ttl: str

    @property
    def seconds(self) -> int | None:
        """How long the window is, None if it has no beginning."""
        return ttl_seconds(self.window)

    @property
    def as_of(self) -> Column:
        """The column of the moments."""
        if self.moments:
            return self.moments.column
        return Column("as_of_date", "date", "The day at whose start the values are known.")

    @property
    def grain(self) -> list[str]:
        """The columns that name a row."""
        return [*(column.name for column in self.entity), self.as_of.name]

    @property
    def read(self) -> list[Column]:
        """What is read of each row of the source, each column once."""
        columns = [*self.entity, self.aggregate.column, self.time, self.known, self.superseded]
        return list({column.name: column for column in columns if column}.values())
