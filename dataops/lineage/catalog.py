"""The columns of a warehouse's relations, as lineage needs them to expand stars."""

from duckdb import DuckDBPyConnection

from dataops.lineage.places import Catalog


def read_catalog(conn: DuckDBPyConnection) -> Catalog:
    """Return schema, table, column and type of every relation of every database attached.

    Of tables of one schema and name in several databases only that of the one connected to counts,
    else that of the one attached first: a base and a release may have columns it has no longer.
    """
    rows = conn.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where not internal qualify database_oid = first_value(database_oid) over ("
        "partition by lower(schema_name), lower(table_name) "
        "order by database_name = current_database() desc, database_oid) "
        "order by schema_name, table_name, column_index"
    ).fetchall()
    found: dict[str, dict[str, dict[str, str]]] = {}
    for schema, table, column, type_ in rows:
        found.setdefault(schema.lower(), {}).setdefault(table.lower(), {})[column.lower()] = type_
    return found
