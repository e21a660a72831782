"""What one attached warehouse has: its tables, its views, the columns of both."""

from collections.abc import Mapping
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from ml.relation import Relation, quote


@dataclass(frozen=True)
class Catalog:
    """The tables with their columns' types, and the views with their SQL, of one warehouse."""

    name: str
    tables: Mapping[Relation, Mapping[str, str]]
    views: Mapping[Relation, str]

    def sql(self, relation: Relation) -> str:
        """Return the quoted name of ``relation`` with its catalog."""
        return f"{quote(self.name)}.{relation.sql}"


def read_catalog(connection: DuckDBPyConnection, name: str) -> Catalog:
    """Return what the attached database ``name`` has, DuckDB's own left out."""
    tables: dict[Relation, dict[str, str]] = {}
    for schema, table, column, type_ in connection.execute(
        "select tables.schema_name, tables.table_name, columns.column_name, columns.data_type "
        "from duckdb_tables() as tables inner join duckdb_columns() as columns using (table_oid, "
        "database_oid) where tables.database_name = ? and not tables.internal "
        "order by tables.schema_name, tables.table_name, columns.column_index",
        [name],
    ).fetchall():
        tables.setdefault(Relation(schema, table), {})[column] = type_
    views = connection.execute(
        "select schema_name, view_name, sql from duckdb_views() "
        "where database_name = ? and not internal order by all",
        [name],
    ).fetchall()
    return Catalog(name, tables, {Relation(schema, view): sql for schema, view, sql in views})
