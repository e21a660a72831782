"""The tables of the landing schema: one for each source, and the two that keep account."""

from collections.abc import Sequence

import duckdb
from duckdb.sqltypes import DuckDBPyType

from dataops.landing.declaration import LandingSource
from ml.errors import PipelineError
from ml.relation import Relation, quote

REJECTS = Relation("landing", "rejects")
FILES = Relation("landing", "files")

OWN_COLUMNS = {
    "_file": "VARCHAR",
    "_row": "BIGINT",
    "_delivered_at": "TIMESTAMP",
    "_loaded_at": "TIMESTAMP",
}
REJECTS_COLUMNS = {
    "source": "VARCHAR",
    "file": "VARCHAR",
    "row": "BIGINT",
    "column_name": "VARCHAR",
    "reason": "VARCHAR",
    "raw": "VARCHAR",
    "_delivered_at": "TIMESTAMP",
    "_loaded_at": "TIMESTAMP",
}
FILES_COLUMNS = {
    "source": "VARCHAR",
    "file": "VARCHAR",
    "size_bytes": "BIGINT",
    "modified_at": "TIMESTAMP",
    "sha256": "VARCHAR",
    "rows": "BIGINT",
    "loaded": "BIGINT",
    "rejected": "BIGINT",
    "status": "VARCHAR",
    "message": "VARCHAR",
    "delivered_at": "TIMESTAMP",
    "loaded_at": "TIMESTAMP",
}

Types = dict[str, DuckDBPyType]


def resolve_types(conn: duckdb.DuckDBPyConnection, source: LandingSource) -> Types:
    """Return the types of a source's columns; UsageError for a name DuckDB does not know."""
    types: Types = {}
    for column in source.columns:
        try:
            types[column.name] = conn.sqltype(column.type)
            # The type parser overlooks what follows a type; the SQL parser does not.
            conn.execute(f"select cast(null as {column.type})")
        except duckdb.Error as error:
            why = str(error).splitlines()[0]
            raise source.error(
                f"column {column.name!r} has the data_type {column.type!r}, "
                f"which is no type of DuckDB ({why})"
            ) from error
    return types


def create_landing_tables(
    conn: duckdb.DuckDBPyConnection, sources: Sequence[LandingSource]
) -> None:
    """Create the tables that do not exist yet and add the columns that are newly declared.

    Raises UsageError for a type DuckDB does not know, PipelineError for a column whose type is
    another in the table than in the declaration.
    """
    typed = [(source, resolve_types(conn, source)) for source in sources]
    create_account_tables(conn)
    for source, types in typed:
        create_source_table(conn, source, types)


def create_account_tables(conn: duckdb.DuckDBPyConnection) -> None:
    """Create ``landing.rejects`` and ``landing.files``."""
    _create(conn, REJECTS, REJECTS_COLUMNS)
    _create(conn, FILES, FILES_COLUMNS)


def create_source_table(
    conn: duckdb.DuckDBPyConnection, source: LandingSource, types: Types
) -> None:
    """Create a source's table, or bring the one that exists up to its declaration."""
    columns = {name: str(type_) for name, type_ in types.items()} | OWN_COLUMNS
    _create(conn, source.relation, columns)
    existing = _existing_columns(conn, source.relation)
    for name, type_ in columns.items():
        met = existing.get(name.casefold())
        if met is None:
            conn.execute(f"alter table {source.relation.sql} add column {quote(name)} {type_}")
        elif str(conn.sqltype(met)) != type_:
            raise PipelineError(
                f"source {source.name}: column {name!r} is {met} in {source.relation} "
                f"and {type_} in {source.file}",
                fix=f"declare it as {met} again, or drop table {source.relation.sql} "
                f"and load its files anew: goldloop ingest --again '{source.path}'",
            )


def _create(conn: duckdb.DuckDBPyConnection, relation: Relation, columns: dict[str, str]) -> None:
    conn.execute(f"create schema if not exists {quote(relation.schema)}")
    listed = ", ".join(f"{quote(name)} {type_}" for name, type_ in columns.items())
    conn.execute(f"create table if not exists {relation.sql} ({listed})")


def _existing_columns(conn: duckdb.DuckDBPyConnection, relation: Relation) -> dict[str, str]:
    """Return the types of a table's columns by their names in lower case."""
    rows = conn.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name = ? and table_name = ?",
        [relation.schema, relation.name],
    ).fetchall()
    return {name.casefold(): data_type for name, data_type in rows}
