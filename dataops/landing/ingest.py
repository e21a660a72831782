"""Ingest: load the files not seen before into the landing schema, source by source."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from dataops.landing.declaration import LandingSource
from dataops.landing.delivery import naive_utc
from dataops.landing.files import find_files
from dataops.landing.ledger import matches
from dataops.landing.load import Load
from dataops.landing.report import ProgressCallback, SourceReport
from dataops.landing.tables import create_account_tables, resolve_types
from ml.errors import UsageError
from ml.names import listed


def ingest(
    conn: duckdb.DuckDBPyConnection,
    sources: Sequence[LandingSource],
    root: Path,
    *,
    now: datetime,
    progress: ProgressCallback | None = None,
    again: str | None = None,
) -> list[SourceReport]:
    """Load the new files of ``sources`` below ``root``; return what became of each source.

    For every file the rows in it are the rows loaded and the rows rejected. ``now`` is written as
    ``_loaded_at``. ``again`` is a glob on file names (relative to ``root``): files that match are
    loaded anew, their rows and rejects replaced, though they have not changed.

    A source is loaded in one transaction or not at all; a source that fails leaves the others
    alone. Raises UsageError if ``root`` is no folder, if no file matches ``again``, or if a
    declaration names a type DuckDB does not know.
    """
    if not root.is_dir():
        raise UsageError(
            f"the landing folder {root} does not exist or is no folder",
            fix="name the folder that holds the files: goldloop ingest --landing FOLDER",
        )
    if again is not None:
        _check_again(sources, root.resolve(), again)
    typed = [(source, resolve_types(conn, source)) for source in sources]
    create_account_tables(conn)
    moment = naive_utc(now)
    with _ordered(conn):
        return [
            Load(conn, source, types, root.resolve(), moment, progress, again).run()
            for source, types in typed
        ]


def _check_again(sources: Sequence[LandingSource], root: Path, again: str) -> None:
    """Refuse a glob that no file matches: it was meant to match one."""
    found = [file for source in sources for file in find_files(root, source)]
    if not any(matches(file, again) for file in found):
        near = listed(again, {source.path for source in sources})
        raise UsageError(
            f"no landing file matches {again!r}; the sources read: {near}",
            fix=f"give the name of a file relative to {root}, or a glob of names",
        )


@contextmanager
def _ordered(conn: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have DuckDB keep the order of what it reads: rows are numbered by it."""
    name = "preserve_insertion_order"
    setting = conn.execute(f"select current_setting('{name}')").fetchone()
    conn.execute(f"set {name} = true")
    try:
        yield
    finally:
        conn.execute(f"set {name} = {setting[0] if setting else True}")
