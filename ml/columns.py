"""The columns of a relation: what they are called, what DuckDB says they are, what they can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import duckdb
from duckdb import DuckDBPyConnection

from ml.errors import PipelineError, UsageError
from ml.images.description import Description
from ml.names import listed
from ml.relation import Relation, quote

Kind = Literal["number", "boolean", "text", "time", "photo"]

WHOLE = frozenset(
    ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
    + ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
)
_TIMES = frozenset(
    ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
    + ("TIMESTAMP WITH TIME ZONE",)
)
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(WHOLE | {"FLOAT", "DOUBLE", "DECIMAL"}, "number"),
    **dict.fromkeys(_TIMES, "time"),
    "BOOLEAN": "boolean",
    "VARCHAR": "text",
    "ENUM": "text",
    "BLOB": "photo",
}


@dataclass(frozen=True)
class Column:
    """A column and its DuckDB type as ``describe`` prints it.

    One made by SQL has that as ``expression``, and the columns of the table that the expression
    reads, each with the type it has there, as ``reads``. A feature that is photos has how they are
    ``described``.
    """

    name: str
    type: str
    expression: str | None = None
    reads: tuple[tuple[str, str], ...] = ()
    described: Description | None = None

    @property
    def base(self) -> str:
        """The type without its arguments: ``DECIMAL(18,3)`` is ``DECIMAL``, any list ``LIST``."""
        return "LIST" if self.type.endswith("]") else self.type.split("(")[0].upper()

    @property
    def kind(self) -> Kind | None:
        """What the engine can do with the column, None for nothing."""
        return _KINDS.get(self.base)

    @property
    def sql(self) -> str:
        """The quoted name."""
        return quote(self.name)

    @property
    def time_sql(self) -> str:
        """The column as a naive UTC timestamp."""
        if self.base == "TIMESTAMP WITH TIME ZONE":
            return f"({self.sql} at time zone 'UTC')"
        return f"cast({self.sql} as timestamp)"

    @property
    def feature_sql(self) -> str:
        """The one expression by which it is read: text and photos as they are, else double."""
        # On lines of its own, so that a comment within the expression ends before the bracket.
        value = self.sql if self.expression is None else f"(\n{self.expression}\n)"
        if self.kind == "photo":
            return value
        return f"cast({value} as {'varchar' if self.kind == 'text' else 'double'})"


Columns = Mapping[str, Column]


@dataclass(frozen=True)
class Source:
    """A dbt model as the warehouse has it: its dbt name, its relation, its columns."""

    dbt_name: str
    relation: Relation
    columns: Columns

    def column(self, name: str, key: str, file: str) -> Column:
        """Return column ``name`` that ``key`` of ``file`` declares.

        Raises UsageError with the nearest names when there is none.
        """
        if name not in self.columns:
            raise UsageError(
                f"{key} names '{name}', which is not a column of {self.relation}; "
                f"it has: {listed(name, self.columns)}",
                fix=f"fix {key} in {file}, then: dbt parse",
            )
        return self.columns[name]

    def time(self, name: str, key: str, file: str) -> Column:
        """Return column ``name`` as :meth:`column` does; it must be a date or a timestamp."""
        column = self.column(name, key, file)
        if column.kind != "time":
            raise UsageError(
                f"{key} names '{name}', which is {column.type} in {self.relation}; "
                "allowed: DATE, TIMESTAMP, TIMESTAMP WITH TIME ZONE",
                fix=f"cast it in the SQL of {self.dbt_name}, then: {self.build}",
            )
        return column

    @property
    def build(self) -> str:
        """The command that builds the model anew."""
        return f"dbt build --select {self.dbt_name}"


def find(
    conn: DuckDBPyConnection, relations: Mapping[str, Relation], name: str, key: str, file: str
) -> Source:
    """Return the dbt model ``name``, which ``key`` of ``file`` declares, as the warehouse has it.

    Raises UsageError when the project has no such model, PipelineError when it is not built.
    """
    if name not in relations:
        raise UsageError(
            f"{key} names '{name}', which is not a dbt model; the project has: "
            f"{listed(name, relations)}",
            fix=f"fix {key} in {file}, then: dbt parse",
        )
    relation = relations[name]
    try:
        columns = describe(conn, relation)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        said = str(error).splitlines()[0]
        raise PipelineError(
            f"{relation}, which {key} of {file} names, cannot be read from the warehouse ({said})",
            fix=f"build it: dbt build --select +{name}",
        ) from None
    return Source(name, relation, columns)


def describe(conn: DuckDBPyConnection, relation: Relation) -> Columns:
    """Return the columns of ``relation`` by name, in the relation's order."""
    rows = conn.execute(f"describe {relation.sql}").fetchall()
    return {name: Column(name, type_) for name, type_, *_ in rows}
