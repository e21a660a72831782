"""Which files of a source are known already, by what ``landing.files`` says of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase

import duckdb

from dataops.landing.declaration import LandingSource
from dataops.landing.files import LandingFile
from dataops.landing.tables import FILES


@dataclass(frozen=True)
class KnownFile:
    """What ``landing.files`` says of a file. ``sha256`` is null if it could not be read."""

    size: int
    modified_at: datetime
    sha256: str | None


@dataclass
class Sorted:
    """The files found: to be loaded, ``touched`` only (same content, new time), skipped."""

    loaded: list[LandingFile] = field(default_factory=list)
    replaced: list[LandingFile] = field(default_factory=list)
    touched: list[LandingFile] = field(default_factory=list)
    unfinished: list[LandingFile] = field(default_factory=list)
    skipped: int = 0


def matches(file: LandingFile, again: str) -> bool:
    """Tell whether the name of ``file`` is ``again`` or matches it as a glob."""
    return file.name == again or fnmatchcase(file.name, again)


def known_files(conn: duckdb.DuckDBPyConnection, source: str) -> dict[str, KnownFile]:
    """Return the files of a source that were read before."""
    rows = conn.execute(
        f"select file, size_bytes, modified_at, sha256 from {FILES.sql} where source = ?", [source]
    ).fetchall()
    return {file: KnownFile(size, modified, sha256) for file, size, modified, sha256 in rows}


def sort_files(
    found: Iterable[LandingFile],
    known: dict[str, KnownFile],
    source: LandingSource,
    *,
    again: str | None,
) -> Sorted:
    """Tell new files from known ones; read the bytes of those that may be new.

    ``again``: a glob on the file's name; what it matches counts as new whatever is known of it.
    """
    result = Sorted()
    for file in found:
        before = known.get(file.name)
        is_asked_for = again is not None and matches(file, again)
        same_time = before and (file.size, file.modified_at) == (before.size, before.modified_at)
        if before and before.sha256 and same_time and not is_asked_for:
            result.skipped += 1
            continue
        if not file.is_unreadable:
            file.scan_bytes(source)
        is_same = before is not None and before.sha256 == (file.scan.sha256 or None)
        if before and is_same and before.sha256 and not is_asked_for:
            result.touched.append(file)
            result.skipped += 1
            continue
        result.loaded.append(file)
        if before:
            result.replaced.append(file)
            if before.sha256 and not is_same:
                file.notes.append("its content has changed; its rows were replaced")
    return result
