"""A release: an immutable published warehouse, and the record that stands beside it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from dataops.disk import FILE, write_json
from ml.errors import PipelineError

RECORD, KEPT = "release.json", "kept.json"
# Clocks are set by small steps all the time; more than this is a clock that is wrong.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Release:
    """One release; ``number`` counts publications from 1, for clocks may go back.

    ``models`` has the champion's version by ML model, ``checks`` how many passed, warned and
    failed, ``rows`` the rows by table, ``bytes`` and ``blake3`` those of the DuckDB file.
    """

    id: str
    number: int
    parent: str | None
    run: str
    published_at: str
    bytes: int
    blake3: str
    code_version: str = "unknown"
    models: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, int] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    folder: Path = field(default=Path(), compare=False)

    @classmethod
    def read(cls, folder: Path) -> "Release":
        """Read the record of the release in ``folder``.

        Raises PipelineError when it is missing or not what a release has.
        """
        path = folder / RECORD
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            known = {each.name for each in fields(cls)} - {"folder"}
            release = cls(**{k: v for k, v in document.items() if k in known}, folder=folder)
            datetime.fromisoformat(release.published_at)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise PipelineError(
                f"release {folder.name} has no readable {RECORD}: {error}",
                fix="go to another one: goldloop releases, then: goldloop rollback --to ID",
            ) from error
        return release

    def write(self) -> None:
        """Write the record into the release's folder."""
        document = asdict(self)
        del document["folder"]
        write_json(self.folder / RECORD, document)

    @property
    def file(self) -> Path:
        """The DuckDB file."""
        return self.folder / FILE

    @property
    def manifest(self) -> Path:
        """The dbt manifest: each node as it was when it was built."""
        return self.folder / "manifest.json"

    @property
    def time(self) -> datetime:
        """When it was published."""
        return datetime.fromisoformat(self.published_at).astimezone(UTC)

    @property
    def kept(self) -> str | None:
        """Why it is kept whatever its age; None when it is not."""
        path = self.folder / KEPT
        if not path.is_file():
            return None
        try:
            return str(json.loads(path.read_text(encoding="utf-8")).get("why") or "kept")
        except (ValueError, AttributeError):
            return "kept"

    def fault(self) -> str | None:
        """Say what is wrong with the file as far as can be seen at once, or None."""
        if not self.file.is_file():
            return f"{FILE} is missing"
        found = self.file.stat().st_size
        if found != self.bytes:
            return f"{FILE} has {found:,} bytes, it was published with {self.bytes:,}"
        try:
            duckdb.connect(str(self.file), read_only=True).close()
        except duckdb.Error as error:
            return f"{FILE} cannot be opened: {str(error).splitlines()[0]}"
        return None

    def require_whole(self) -> None:
        """Raise PipelineError when :meth:`fault` finds one."""
        if fault := self.fault():
            raise PipelineError(
                f"release {self.id} is damaged: {fault}",
                fix="goldloop doctor names the whole ones, then: goldloop rollback --to ID",
            )


def read_all(folder: Path) -> list[Release]:
    """Return the releases in ``folder``, the newest first; those without a record are left out."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            found.append(Release.read(path))
        except PipelineError:
            continue  # the doctor names it
    return sorted(found, key=lambda release: release.number, reverse=True)


def refuse_old_clock(newest: Release | None, now: datetime) -> None:
    """Raise PipelineError when ``now`` lies before the newest release was published."""
    if newest and now < newest.time - CLOCK_TOLERANCE:
        raise PipelineError(
            f"the clock says {now:%Y-%m-%d %H:%M:%S} UTC, and release {newest.id} was published at "
            f"{newest.time:%Y-%m-%d %H:%M:%S} UTC; allowed: a time after that",
            fix="set the clock of this machine, then: goldloop run; if it was ahead then and is "
            f"right now: goldloop rollback, then: rm -r {newest.folder}",
        )
