"""Rows and bytes of a warehouse, counted."""

import duckdb

from ml.relation import Relation

# Blocks of the file that hold a part of the relation; what has not reached the file is in none.
BLOCKS = """
    select count(distinct block) from (
        select unnest([block_id] || additional_block_ids) as block from pragma_storage_info(?)
    ) where block >= 0
"""


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


def bytes_of(connection: duckdb.DuckDBPyConnection, relation: Relation) -> int | None:
    """Return the bytes of the file's blocks that hold ``relation``; None for a view.

    A block that it shares with another table counts in full, for both: a table looks larger than
    it is by less than two blocks (of 256 KiB). Wants a checkpoint after the last write. None also
    for a name with a double quote in it, which DuckDB's function cannot be told.
    """
    table = connection.execute(
        "select block_size from duckdb_tables(), pragma_database_size() where schema_name = ? "
        "and table_name = ? and duckdb_tables.database_name = current_database() "
        "and pragma_database_size.database_name = current_database()",
        [relation.schema, relation.name],
    ).fetchone()
    if table is None or '"' in str(relation):
        return None
    blocks = connection.execute(BLOCKS, [relation.sql]).fetchone()
    return int(blocks[0]) * int(table[0]) if blocks else None
