"""Which releases stay: the last few, the kept ones, those in use, and the current one."""

import contextlib
import json
import shutil
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from dataops.disk import remove, write_json
from dataops.ledger import Event
from dataops.warehouse.journal import note, tell
from dataops.warehouse.release import KEPT, Release, read_all
from ml.errors import UsageError


def keep(release: Release, why: str) -> None:
    """Mark ``release`` as kept, with the reason."""
    write_json(release.folder / KEPT, {"why": why})


def require_kept(release: Release) -> None:
    """Raise UsageError when ``release`` is not kept."""
    if release.kept is None:
        raise UsageError(f"release {release.id} is not kept", fix="type: goldloop releases")


def unkeep(release: Release) -> None:
    """Take the mark off."""
    (release.folder / KEPT).unlink()


def prune(root: Path, last: int, wanted: Collection[str | None] = ()) -> list[Release]:
    """Remove releases beyond the ``last`` newest, and tell the ledger; return those removed.

    Those ``wanted`` stay, and so do the current one, those kept and those in use.
    """
    if last < 1:
        raise UsageError(
            f"{last} releases cannot be kept; allowed: 1 or more",
            fix="type: goldloop releases prune --last 5",
        )
    link = root / "current"
    stay = {*in_use(root), *wanted} | ({link.readlink().name} if link.is_symlink() else set())
    removed = [
        release
        for release in read_all(root / "releases")[last:]
        if release.id not in stay and release.kept is None
    ]
    now = datetime.now(UTC)
    events = [
        Event(kind="release", outcome="pruned", release=each.id, started_at=now, ended_at=now)
        for each in removed
    ]
    if events:
        # On a full disk there is no room for a note, and removing is what makes some.
        with contextlib.suppress(OSError):
            note(root, *events)
        for release in removed:
            remove(release.folder, root / "trash")
        tell(root, *events)
    return removed


def in_use(root: Path) -> set[str]:
    """Return the ids of the releases that sandboxes read."""
    found = set()
    for path in (root / "sandboxes").glob("*/sandbox.json"):
        try:
            found.add(str(json.loads(path.read_text(encoding="utf-8"))["release"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # half-made: `goldloop sandbox drop` removes it
    return found


def empty_trash(root: Path) -> None:
    """Remove what a killed process was about to remove."""
    shutil.rmtree(root / "trash", ignore_errors=True)
