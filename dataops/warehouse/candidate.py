"""The private copy of the warehouse that one run works on."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dataops.disk import FILE, point, remove, reported, sync, sync_and_hash
from dataops.ledger import Event
from dataops.warehouse import retention
from dataops.warehouse.counting import count_rows
from dataops.warehouse.journal import finish, journalled
from dataops.warehouse.limits import Limits
from dataops.warehouse.lock import held
from dataops.warehouse.quarantine import Quarantined, put
from dataops.warehouse.release import Release, read_all, refuse_old_clock
from ml.errors import PipelineError


@dataclass(frozen=True)
class Candidate:
    """What a run writes; end it with :meth:`publish`, :meth:`quarantine` or :meth:`discard`.

    ``parent`` is the release it was copied from. What else is put into ``folder`` (the dbt
    manifest, results) is published with it.
    """

    root: Path
    limits: Limits
    run_id: str
    parent: Release | None
    folder: Path
    lock: contextlib.ExitStack

    @property
    def file(self) -> Path:
        """The DuckDB file."""
        return self.folder / FILE

    def publish(self, facts: Mapping[str, Any], now: datetime) -> Release:
        """Make the candidate the current release, atomically.

        ``facts`` are ``code_version``, ``models`` and ``checks`` of the release. Raises
        PipelineError, with ``current`` as it was, when the file is damaged, the disk refuses, or
        another release has become current since the run began.
        """
        with reported(f"publishing run {self.run_id}"):
            rows = self._checkpoint()
            digest = sync_and_hash(self.file)
            self.file.chmod(0o444)
            with held(self.root / "swap.lock", f"run {self.run_id} publishing"):
                finish(self.root)
                release = self._release(facts, now.astimezone(UTC), rows, digest)
                self._swap(release)
                self._close()
        # The release stands, whether or not older ones can be removed now.
        with contextlib.suppress(OSError, PipelineError), held(self.root / "swap.lock", "pruning"):
            finish(self.root)
            # The parent is what a rollback goes to, and what readers were opening a moment ago.
            retention.prune(self.root, self.limits.releases, wanted=[release.parent])
        return replace(release, folder=self.root / "releases" / release.id)

    def quarantine(self, reasons: Sequence[str], now: datetime) -> Quarantined:
        """Keep the candidate aside with the ``reasons``; readers keep the release they have."""
        parent = self.parent.id if self.parent else None
        with reported(f"keeping run {self.run_id} in quarantine"):
            kept = put(
                self.folder, self.root, self.limits, run=self.run_id, parent=parent,
                reasons=reasons, now=now.astimezone(UTC),
            )  # fmt: skip
        self._close()
        return kept

    def discard(self) -> None:
        """Drop the candidate; readers keep the release they have."""
        # What the disk does not let go of is cleared by the next run.
        with contextlib.suppress(OSError):
            remove(self.folder, self.root / "trash")
        self._close()

    def _checkpoint(self) -> dict[str, int]:
        try:
            with duckdb.connect(str(self.file)) as connection:
                connection.execute("checkpoint")
                rows = count_rows(connection)
        except duckdb.Error as error:
            raise PipelineError(
                f"the candidate of run {self.run_id} cannot be closed, it is damaged or the disk "
                f"is full: {error}",
                fix="type: goldloop doctor, then: goldloop run",
            ) from error
        return {str(relation): count for relation, count in rows.items()}

    def _release(
        self, facts: Mapping[str, Any], now: datetime, rows: Mapping[str, int], digest: str
    ) -> Release:
        newest = next(iter(read_all(self.root / "releases")), None)
        refuse_old_clock(newest, now)
        return Release(
            id=f"{now:%Y%m%dT%H%M%S}-{self.run_id[:8]}",
            number=newest.number + 1 if newest else 1,
            parent=self.parent.id if self.parent else None,
            run=self.run_id,
            published_at=now.isoformat(),
            bytes=self.file.stat().st_size,
            blake3=digest,
            rows=rows,
            folder=self.folder,
            **facts,
        )

    def _swap(self, release: Release) -> None:
        """Move the candidate among the releases and point ``current`` at it."""
        self._require_parent()
        home = self.root / "releases"
        home.mkdir(exist_ok=True)
        if (home / release.id).exists():
            raise PipelineError(f"release {release.id} is there already", fix="type: goldloop run")
        release.write()
        for path in self.folder.iterdir():
            if path != self.file:
                sync(path)
        event = Event(
            kind="release", outcome="published", run=self.run_id, release=release.id,
            parent=release.parent, started_at=release.time, ended_at=release.time,
            rows=sum(release.rows.values()), bytes=release.bytes,
        )  # fmt: skip
        with journalled(self.root, event):
            self.folder.rename(home / release.id)
            sync(home)
            point(self.root / "current", Path("releases") / release.id)

    def _require_parent(self) -> None:
        link = self.root / "current"
        found = link.readlink().name if link.is_symlink() else None
        wanted = self.parent.id if self.parent else None
        if found != wanted:
            raise PipelineError(
                f"the current release is {found}, and this run began from {wanted}: publishing it "
                "would undo what happened since",
                fix="type: goldloop run",
            )

    def _close(self) -> None:
        link = self.root / "candidate"
        # A link that stays leads nowhere, and the next run replaces it.
        with contextlib.suppress(OSError):
            if link.readlink().name == self.run_id:
                link.unlink()
        self.lock.close()
