"""One table as it stands in one of the two warehouses, ready to be read row by row."""

from collections.abc import Mapping
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from dataops.differences.catalog import Catalog
from ml.relation import Relation, quote


@dataclass(frozen=True)
class Side:
    """The rows of a table in one warehouse: its columns' types, and how SQL reads them.

    ``names`` has each column's quoted name in ``source``, which is read under the name ``alias``.
    """

    alias: str
    source: str
    columns: Mapping[str, str]
    names: Mapping[str, str]
    where: str = "true"

    @property
    def from_sql(self) -> str:
        """SQL: the rows under their alias."""
        return f"from {self.source} as {self.alias} where {self.where}"

    def raw(self, column: str) -> str:
        """Return SQL for the value of ``column``."""
        return f"{self.alias}.{self.names[column]}"


def side_of(
    connection: DuckDBPyConnection,
    catalog: Catalog,
    relation: Relation,
    *,
    alias: str,
    where: str = "true",
) -> Side:
    """Return the rows of ``relation`` in ``catalog`` that fulfil ``where``.

    Rows are told apart by their rowid. A view has none, and a column of that name hides it: such
    relations are copied first.
    """
    source, columns = catalog.sql(relation), catalog.tables.get(relation)
    if columns is not None and all(name.casefold() != "rowid" for name in columns):
        return Side(alias, source, columns, {name: quote(name) for name in columns}, where)
    described = connection.execute(f"describe select * from {source}").fetchall()
    names = {name: f"c{at}" for at, (name, *_) in enumerate(described)}
    chosen = ", ".join(f"{quote(name)} as {short}" for name, short in names.items())
    connection.execute(
        f"create or replace temp table copy_{alias} as select {chosen} from {source} where {where}"
    )
    return Side(alias, f"temp.copy_{alias}", {name: type_ for name, type_, *_ in described}, names)
