"""What an asset's metadata and the ledger say of its size."""

import duckdb

from dataops.warehouse.counting import bytes_of
from ml.relation import Relation

ROWS, BYTES = "dagster/row_count", "bytes"


def bytes_told(connection: duckdb.DuckDBPyConnection, relation: Relation) -> dict[str, int]:
    """Return the bytes of a table as metadata, nothing for a view."""
    size = bytes_of(connection, relation)
    return {} if size is None else {BYTES: size}


def measured(connection: duckdb.DuckDBPyConnection, relation: Relation) -> dict[str, int]:
    """Return the rows and, of a table, the bytes of ``relation`` as metadata."""
    row = connection.execute(f"select count(*) from {relation.sql}").fetchone()
    return {ROWS: int(row[0]) if row else 0, **bytes_told(connection, relation)}
