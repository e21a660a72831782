"""Rows of a warehouse, counted."""

import duckdb

from ml.relation import Relation


def count_rows(connection: duckdb.DuckDBPyConnection) -> dict[Relation, int]:
    """Count the rows of every table of the warehouse, by relation; views are not counted."""
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where not internal "
        "and not temporary and database_name = current_database() order by all"
    ).fetchall()
    counts = {}
    for schema, name in tables:
        relation = Relation(schema, name)
        row = connection.execute(f"select count(*) from {relation.sql}").fetchone()
        counts[relation] = int(row[0]) if row else 0
    return counts
