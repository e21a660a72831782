"""Ingest: load the files not seen before into the landing schema, source by source."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from dataops.landing.declaration import LandingSource
from dataops.landing.delivery import naive_utc
from dataops.landing.load import Load
from dataops.landing.report import ProgressCallback, SourceReport
from dataops.landing.tables import create_account_tables, resolve_types
from ml.errors import UsageError


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
    alone. Raises UsageError if ``root`` is no folder or a declaration names a type DuckDB does not
    know.
    """
    if not root.is_dir():
        raise UsageError(
            f"the landing folder {root} does not exist or is no folder",
            fix="name the folder that holds the files: goldloop ingest --landing FOLDER",
        )
    typed = [(source, resolve_types(conn, source)) for source in sources]
    create_account_tables(conn)
    moment = naive_utc(now)
    return [
        Load(conn, source, types, root.resolve(), moment, progress, again).run()
        for source, types in typed
    ]
