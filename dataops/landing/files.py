"""The files of a source, found below the landing folder."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dataops.landing.declaration import LandingSource
from dataops.landing.delivery import delivered_at, from_microseconds
from dataops.landing.literal import is_beyond_globs
from dataops.landing.scan import Scan, scan_file

TEXT_FORMATS = frozenset(("csv", "jsonl", "json", "text"))


@dataclass(eq=False)
class LandingFile:
    """One file of a source, and what became of it."""

    path: Path
    name: str
    size: int
    modified_at: datetime
    scan: Scan = field(default_factory=Scan)
    failure: str | None = None
    is_unreadable: bool = False
    notes: list[str] = field(default_factory=list)
    rows: int = 0
    rejected: int = 0

    def give_up(self, reason: str) -> None:
        """Note that the file's records cannot even be counted: it is rejected as one."""
        self.failure, self.is_unreadable = reason, True
        self.rows = self.rejected = 1

    @property
    def delivered_at(self) -> datetime:
        """When the file was delivered, by its name, else by its own time (naive UTC)."""
        return delivered_at(self.path.name, self.modified_at)

    @property
    def sql_path(self) -> str:
        """The path as text for DuckDB."""
        return str(self.path)

    def scan_bytes(self, source: LandingSource) -> None:
        """Read the file once; one that cannot be read is given up."""
        as_text = source.format in TEXT_FORMATS
        try:
            self.scan = scan_file(self.path, as_text=as_text)
        except OSError as error:
            self.give_up(f"it cannot be read: {error.strerror} — make it readable, then ingest")

    def has_changed(self) -> bool:
        """Tell whether the file is another now than when it was found."""
        try:
            status = self.path.stat()
        except OSError:
            return True
        return (status.st_size, _modified_at(status)) != (self.size, self.modified_at)


def find_files(root: Path, source: LandingSource) -> list[LandingFile]:
    """Return the files that match the source's path, by name; those that cannot be opened too."""
    base, found = _Base(root), []
    for path in sorted(root.glob(source.path)):
        name = path.relative_to(root).as_posix()
        shown = name.encode("utf-8", "backslashreplace").decode()
        try:
            if not path.is_file() and not path.is_symlink():
                continue
            status = path.stat()
        except OSError as error:
            found.append(_unreadable(path, shown, error))
            continue
        file = LandingFile(path, shown, status.st_size, _modified_at(status))
        if not base.holds(path):
            file.give_up(f"it is a link out of the landing folder {root} — deliver the file itself")
        if shown != name:
            file.give_up("its name is not valid UTF-8 — rename it")
        if is_beyond_globs(file.sql_path):
            file.give_up(
                "its path has a backslash and one of * ? [, which DuckDB cannot read — rename it"
            )
        found.append(file)
    return found


class _Base:
    """Tells whether files really lie below the landing folder; asks once for each folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._folders: dict[Path, bool] = {}

    def holds(self, path: Path) -> bool:
        """Tell whether ``path``, all links followed, lies below the landing folder."""
        if path.is_symlink():
            return path.resolve().is_relative_to(self._root)
        if path.parent not in self._folders:
            self._folders[path.parent] = path.parent.resolve().is_relative_to(self._root)
        return self._folders[path.parent]


def _unreadable(path: Path, name: str, error: OSError) -> LandingFile:
    file = LandingFile(path, name, 0, datetime(1970, 1, 1))
    file.give_up(f"it cannot be read: {error.strerror}")
    return file


def _modified_at(status: os.stat_result) -> datetime:
    return from_microseconds(status.st_mtime_ns // 1000)
