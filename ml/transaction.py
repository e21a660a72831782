"""One transaction around a piece of work: all of it is kept, or nothing is."""

from collections.abc import Iterator
from contextlib import contextmanager

from duckdb import DuckDBPyConnection


@contextmanager
def transaction(conn: DuckDBPyConnection) -> Iterator[None]:
    """Commit when the block ends, roll back when it raises (an interrupt included)."""
    conn.begin()
    try:
        yield
    except BaseException:
        conn.rollback()
        raise
    conn.commit()
