"""What is about to happen to releases: noted first, done, told to the ledger.

After a kill the next process finishes it: what has happened is told, what has not is undone.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from dataops.disk import remove, write_json
from dataops.ledger import Event, Ledger, parse, to_line
from dataops.warehouse.release import KEPT
from ml.errors import PipelineError

JOURNAL = "journal.json"


@contextlib.contextmanager
def journalled(root: Path, *events: Event) -> Iterator[None]:
    """Note that ``events`` are about to happen, let the block do them, and tell the ledger.

    When the block raises, what has not happened is undone and the note goes. When the process
    dies, :func:`finish` finds the note.
    """
    note(root, *events)
    try:
        yield
    except BaseException:
        finish(root)
        raise
    tell(root, *events)


def note(root: Path, *events: Event) -> None:
    """Write down that ``events`` are about to happen."""
    now = datetime.now(UTC)
    lines = [to_line(event, now, os.getpid()).decode() for event in events]
    write_json(root / JOURNAL, {"events": lines})


def tell(root: Path, *events: Event) -> None:
    """Tell the ledger that ``events`` have happened, and take the note away.

    They stand whether or not the ledger can be written now: the note then tells them later.
    """
    with contextlib.suppress(PipelineError, OSError):
        Ledger(root / "ledger").append(*events)
        (root / JOURNAL).unlink(missing_ok=True)


def finish(root: Path) -> None:
    """Finish what a note says was begun; the lock on changes of ``current`` is held.

    What has happened is told to the ledger if it was not; a publication that has not is undone.
    Raises PipelineError when the note cannot be read.
    """
    events = read(root)
    if not events:
        return
    ledger = Ledger(root / "ledger")
    for event in events:
        if _has_happened(root, event):
            if event not in ledger.events(run=event.run, kind=event.kind):
                ledger.append(event)
        elif event.outcome == "published" and (root / "releases" / str(event.release)).is_dir():
            remove(root / "releases" / str(event.release), root / "trash")
    (root / JOURNAL).unlink()


def read(root: Path) -> list[Event]:
    """Return the events of the note; none when there is no note."""
    path = root / JOURNAL
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))["events"]
        events = [parse(line.encode()) for line in lines]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        events = []
    found = [event for event in events if event]
    if not found or len(found) < len(events):
        raise PipelineError(
            f"{path} is damaged: it does not say which publication or rollback was interrupted",
            fix=f"type: rm {path}, then: goldloop doctor",
        )
    return found


def _has_happened(root: Path, event: Event) -> bool:
    """Say whether the change that ``event`` tells of is on the disk."""
    link, folder = root / "current", root / "releases" / str(event.release)
    match event.outcome:
        case "pruned":
            return not folder.exists()
        case "kept":
            # It may have been kept before, for another reason.
            mark = folder / KEPT
            return mark.is_file() and json.dumps(event.message) in mark.read_text(encoding="utf-8")
        case "unkept":
            return not (folder / KEPT).exists()
    return link.is_symlink() and link.readlink().name == event.release
