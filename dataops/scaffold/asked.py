"""What is asked for of a new feature, every name looked up and every type known."""

from dataclasses import dataclass

from dataops.features.declaration import ttl_seconds

AGGREGATES = ["count", "count_distinct", "sum", "avg", "min", "max"]
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
          "UINTEGER", "UBIGINT")  # fmt: skip
_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL", "REAL", "NUMERIC")
_DECIMAL = "decimal(38, 6)"


@dataclass(frozen=True)
class Column:
    """A column with its type as the project writes it, and what it says."""

    name: str
    type: str
    description: str = ""

    @property
    def base(self) -> str:
        """The type without its length, in capitals."""
        found = self.type.split("(")[0].strip().upper()
        return {"INT": "INTEGER", "TEXT": "VARCHAR", "STRING": "VARCHAR"}.get(found, found)

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers."""
        return self.base in _WHOLE

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.is_whole or self.base in _FRACTIONS

    @property
    def is_date(self) -> bool:
        """Whether it holds dates without a time of day."""
        return self.base == "DATE"


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
        return self.column.type.lower()

    @property
    def counts(self) -> bool:
        """Whether an entity without a row has 0, and not nothing."""
        return self.how in ("count", "count_distinct", "sum")

    def sql(self, name: str) -> str:
        """Return SQL of the value over the column called ``name``.

        Fractions are summed as decimals, so that the order of the rows does not change the sum.
        """
        if self.how == "count":
            return "cast(count(*) as integer)"
        if self.how == "count_distinct":
            return f"cast(count(distinct {name}) as integer)"
        if self.how in ("sum", "avg") and self.column and not self.column.is_whole:
            name = f"cast({name} as {_DECIMAL})"
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
