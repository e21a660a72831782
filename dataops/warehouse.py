"""The warehouse folder: a run works on a candidate, and publishes it whole or not at all.

``current`` is what readers open, a symlink to one immutable release; ``candidate`` is the constant
path a run works under. A run holds one lock on the folder from its first step to its last.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import duckdb

from ml.errors import PipelineError
from ml.relation import Relation

# The file's name is part of the data: DuckDB stores the database's name inside views.
FILE = "warehouse.duckdb"
KEPT_RELEASES = 10


@dataclass(frozen=True)
class Warehouse:
    """The warehouse folder of one project."""

    root: Path

    @property
    def candidate(self) -> Path:
        """The file a run writes; it exists only while a run is open."""
        return self.root / "candidate" / FILE

    @property
    def current(self) -> Path:
        """The file readers open; it exists once a release was published."""
        return self.root / "current" / FILE

    @property
    def release(self) -> str | None:
        """The id of the release readers see, if there is one."""
        link = self.root / "current"
        return link.readlink().name if link.is_symlink() else None

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Connect to the open run's candidate, in UTC; without an open run nothing can be written.

        Raises :class:`PipelineError` when no run is open.
        """
        if not self.candidate.parent.is_dir():
            raise PipelineError(f"no run is open in {self.root}", fix="type: goldloop run")
        connection = duckdb.connect(str(self.candidate))
        connection.execute("set TimeZone = 'UTC'")
        return connection

    def read(self) -> duckdb.DuckDBPyConnection:
        """Connect to the current release, read-only; it never blocks a run, nor a run it.

        Raises :class:`PipelineError` when nothing was published yet.
        """
        if not self.current.exists():
            raise PipelineError(f"{self.root} has no release yet", fix="type: goldloop run")
        return duckdb.connect(str(self.current.resolve()), read_only=True)

    def open(self, run_id: str) -> "Candidate":
        """Take the lock and copy the current release into a fresh candidate for ``run_id``.

        Raises :class:`PipelineError` when another run holds the lock.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        lock = _take_lock(self.root / "lock", run_id)
        # Whoever holds the lock is the only run: what earlier ones left behind is dead.
        shutil.rmtree(self.root / "candidates", ignore_errors=True)
        folder = self.root / "candidates" / run_id
        folder.mkdir(parents=True)
        parent = self.release
        if self.current.exists():
            shutil.copyfile(self.current, folder / FILE)
        _point(self.root / "candidate", Path("candidates") / run_id)
        return Candidate(self, run_id, parent, folder, lock)


@dataclass(frozen=True)
class Candidate:
    """The private copy one run works on; end it with :meth:`publish` or :meth:`discard`."""

    warehouse: Warehouse
    run_id: str
    parent: str | None
    folder: Path
    lock: IO[str]

    def publish(self, facts: Mapping[str, Any], now: datetime) -> str:
        """Make the candidate the current release, atomically, and return the release's id."""
        release = f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{self.run_id[:8]}"
        file = self.folder / FILE
        with duckdb.connect(str(file)) as connection:
            connection.execute("checkpoint")
            rows = count_rows(connection)
        record = {
            "release": release,
            "parent": self.parent,
            "run": self.run_id,
            "published_at": now.astimezone(UTC).isoformat(),
            **facts,
            "rows": {str(relation): count for relation, count in rows.items()},
            "sha256": _sha256(file),
        }
        (self.folder / "release.json").write_text(json.dumps(record, indent=2) + "\n")
        for path in self.folder.iterdir():
            _sync(path)
        file.chmod(0o444)
        releases = self.warehouse.root / "releases"
        releases.mkdir(exist_ok=True)
        self.folder.rename(releases / release)
        _sync(releases)
        _point(self.warehouse.root / "current", Path("releases") / release)
        self._close()
        _prune(releases, keep={release})
        return release

    def discard(self) -> None:
        """Drop the candidate; readers keep the release they have."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._close()

    def _close(self) -> None:
        (self.warehouse.root / "candidate").unlink(missing_ok=True)
        self.lock.close()


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


def _take_lock(path: Path, run_id: str) -> IO[str]:
    handle = path.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        holder = handle.read().strip() or "another process"
        handle.close()
        raise PipelineError(
            f"{path.parent} is in use by {holder}", fix="wait for it to end, then run again"
        ) from None
    handle.truncate(0)
    handle.write(f"run {run_id} (process {os.getpid()})")
    handle.flush()
    return handle


def _point(link: Path, target: Path) -> None:
    """Make ``link`` point at ``target`` in one step that no reader can see half of."""
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
    _sync(link.parent)


def _prune(releases: Path, keep: set[str]) -> None:
    ids = sorted(path.name for path in releases.iterdir() if path.is_dir())
    for name in set(ids[:-KEPT_RELEASES]) - keep:
        shutil.rmtree(releases / name)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    # Some file systems refuse to sync a folder; the rename itself is still atomic there.
    with contextlib.suppress(OSError):
        os.fsync(descriptor)
    os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
