"""The warehouse folder of a project: ``current``, the releases, and the run that is open.

``current`` is what readers open, a symlink to one immutable release; ``candidate`` is the constant
path a run works under. A run holds the lock ``lock`` from its first step to its last; whoever
changes what ``current`` points at, or removes a release, holds ``swap.lock`` for that moment.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from dataops.disk import FILE, clone, point, remove, reported, require_space
from dataops.ledger import Event, Ledger
from dataops.warehouse import retention
from dataops.warehouse.candidate import Candidate
from dataops.warehouse.journal import finish, journalled
from dataops.warehouse.limits import Limits
from dataops.warehouse.lock import held, hold_folder, holder_of, is_folder_held, take
from dataops.warehouse.quarantine import Quarantined, bound, read_quarantine
from dataops.warehouse.release import Release, read_all, refuse_old_clock
from ml.errors import PipelineError, UsageError
from ml.names import listed


@dataclass(frozen=True)
class Warehouse:
    """The warehouse folder of one project."""

    root: Path
    limits: Limits = field(default_factory=Limits)

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

    @property
    def ledger(self) -> Ledger:
        """What happened here; it is outside the releases, so that no rollback unwrites it."""
        return Ledger(self.root / "ledger")

    @property
    def holder(self) -> str | None:
        """The run that is open now, in words, or None."""
        return holder_of(self.root / "lock")

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

        Raises :class:`PipelineError` when nothing was published yet, or what was cannot be read.
        """
        seen = self.release
        try:
            release = self.current_release()
            if release is None:
                raise PipelineError(f"{self.root} has no release yet", fix="type: goldloop run")
            return _opened(release)
        except PipelineError:
            # Another release became current, and the one that was is gone already.
            if self.release == seen:
                raise
            return self.read()

    def releases(self) -> list[Release]:
        """Return every release there is, the newest first."""
        return read_all(self.root / "releases")

    def quarantined(self) -> list[Quarantined]:
        """Return the candidates that were refused and kept, the newest first."""
        return read_quarantine(self.root / "quarantine")

    def current_release(self) -> Release | None:
        """Return the release readers see; None when nothing was ever published.

        Raises PipelineError when ``current`` is gone or points nowhere while releases are there.
        """
        link = self.root / "current"
        if self.release and (link / FILE).exists():
            return Release.read(link.parent / link.readlink())
        if newest := next(iter(self.releases()), None):
            state = f"points at {link.readlink()}, which is gone" if self.release else "is missing"
            raise PipelineError(
                f"{link} {state}, while releases are there",
                fix=f"type: goldloop rollback --to {newest.id}",
            )
        if link.is_symlink() or link.exists():
            raise PipelineError(
                f"{link} points at no release", fix=f"remove {link}, then: goldloop run"
            )
        return None

    def find(self, text: str) -> Release:
        """Return the release whose id is ``text`` or the only one that begins with it."""
        every = self.releases()
        found = [release for release in every if release.id.startswith(text)]
        if len(found) == 1 or (found and found[0].id == text):
            return found[0]
        ids = [release.id for release in every]
        what = "names several releases" if found else "names no release"
        raise UsageError(
            f"'{text}' {what}; there are: {listed(text, ids) or 'none'}",
            fix="type: goldloop releases",
        )

    def open(
        self, run_id: str, wait: float = 0.0, waiting: Callable[[str], None] | None = None
    ) -> Candidate:
        """Take the lock and copy the current release into a fresh candidate for ``run_id``.

        Waits up to ``wait`` seconds for the run that holds the lock; ``waiting`` hears of it.
        Raises :class:`PipelineError` when it still holds it then, when the current release is
        damaged or lost, when the clock runs behind it, or when there is no room for the copy.
        """
        with reported(f"opening a run in {self.root}"):
            self.root.mkdir(parents=True, exist_ok=True)
            with contextlib.ExitStack() as taken:
                taken.callback(take(self.root / "lock", f"run {run_id}", wait, waiting).close)
                with self.swapping(f"run {run_id} opening"):
                    self._clear_dead_runs()
                    parent = self.current_release()
                folder = self._fresh_folder(run_id, parent)
                taken.enter_context(hold_folder(folder))
                point(self.root / "candidate", Path("candidates") / run_id)
                lock = taken.pop_all()
        return Candidate(self.root, self.limits, run_id, parent, folder, lock)

    def rollback(self, to: str | None = None, now: datetime | None = None) -> Release:
        """Point ``current`` at an earlier release (by default the one before) and tell the ledger.

        Raises UsageError when there is no such release, PipelineError when its file is damaged.
        """
        with reported("the rollback"), self.swapping("rollback"):
            target = self.find(to) if to else self._before()
            if target.id == self.release:
                raise UsageError(
                    f"release {target.id} is the current one", fix="type: goldloop releases"
                )
            target.require_whole()
            now = now or datetime.now(UTC)
            event = Event(
                kind="release", outcome="rolled_back", release=target.id, parent=self.release,
                run=target.run, started_at=now, ended_at=now,
            )  # fmt: skip
            with journalled(self.root, event):
                point(self.root / "current", Path("releases") / target.id)
        return target

    def keep(self, text: str, why: str) -> Release:
        """Keep a release whatever its age."""
        with reported("keeping a release"), self.swapping("keep"):
            release = self.find(text)
            now = datetime.now(UTC)
            event = Event(
                kind="release", outcome="kept", release=release.id, message=why,
                started_at=now, ended_at=now,
            )  # fmt: skip
            with journalled(self.root, event):
                retention.keep(release, why)
        return release

    def unkeep(self, text: str) -> Release:
        """Let a kept release be pruned like any other."""
        with reported("unkeeping a release"), self.swapping("unkeep"):
            release = self.find(text)
            retention.require_kept(release)
            now = datetime.now(UTC)
            event = Event(
                kind="release", outcome="unkept", release=release.id, started_at=now, ended_at=now
            )
            with journalled(self.root, event):
                retention.unkeep(release)
        return release

    def prune(self, last: int | None = None) -> list[Release]:
        """Remove all but the ``last`` releases, those kept, in use or current; return them."""
        with reported("pruning"), self.swapping("prune"):
            return retention.prune(self.root, self.limits.releases if last is None else last)

    @contextlib.contextmanager
    def swapping(self, holder: str) -> Iterator[None]:
        """Hold the lock on changes of ``current``, having finished what a dead process began."""
        self.root.mkdir(parents=True, exist_ok=True)
        with held(self.root / "swap.lock", holder):
            finish(self.root)
            yield

    def _before(self) -> Release:
        """Return the release that the current one was made from, or the newest before it."""
        every = self.releases()
        current = next((release for release in every if release.id == self.release), None)
        if current is None:
            earlier = every
        else:
            parent = [release for release in every if release.id == current.parent]
            earlier = parent or [release for release in every if release.number < current.number]
        if not earlier:
            raise UsageError(
                f"there is no release before {self.release or 'the first'} to go back to",
                fix="type: goldloop releases",
            )
        return earlier[0]

    def _clear_dead_runs(self) -> None:
        """Remove what killed runs left; whoever holds the lock is the only run."""
        refuse_old_clock(next(iter(self.releases()), None), datetime.now(UTC))
        for folder in sorted((self.root / "candidates").glob("*")):
            if is_folder_held(folder):
                raise PipelineError(
                    f"run {folder.name} is at work, though its lock {self.root / 'lock'} is gone",
                    fix="wait for it to end, then run again",
                )
            told = self.ledger.events(run=folder.name, kind="run")
            # Whoever was about to remove it may have died of a kill as well.
            if not any(event.outcome == "died" for event in told):
                self.ledger.append(
                    Event(
                        kind="run", outcome="died", run=folder.name, ended_at=datetime.now(UTC),
                        message="its process died; nothing was published",
                    )
                )  # fmt: skip
            remove(folder, self.root / "trash")
        bound(self.root, self.limits)
        retention.empty_trash(self.root)

    def _fresh_folder(self, run_id: str, parent: Release | None) -> Path:
        folder = self.root / "candidates" / run_id
        if parent:
            parent.require_whole()
            require_space(self.root, parent.bytes)
        folder.mkdir(parents=True)
        try:
            if parent:
                clone(parent.file, folder / FILE)
        except BaseException:
            remove(folder, self.root / "trash")
            raise
        return folder


def _opened(release: Release) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(release.file), read_only=True)
    except duckdb.Error as error:
        release.require_whole()
        raise PipelineError(
            f"{release.file} cannot be read: {error}", fix="type: goldloop doctor"
        ) from error
