"""Quarantine: the candidates that were refused, with the reasons, bounded in number and bytes."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dataops.disk import FILE, remove, size, sync, write_json
from dataops.warehouse.limits import Limits

RECORD = "quarantine.json"


@dataclass(frozen=True)
class Quarantined:
    """A refused candidate: the run, the release it started from, when, why, and its bytes."""

    id: str
    run: str
    parent: str | None
    at: str
    reasons: tuple[str, ...]
    bytes: int
    folder: Path

    @property
    def file(self) -> Path:
        """The DuckDB file as the run left it; absent when it was too large to keep."""
        return self.folder / FILE


def put(
    folder: Path,
    root: Path,
    limits: Limits,
    *,
    run: str,
    parent: str | None,
    reasons: Sequence[str],
    now: datetime,
) -> Quarantined:
    """Move the candidate in ``folder`` to ``root/quarantine``; remove the oldest beyond the limits.

    A candidate larger than all that may be kept leaves its reasons only.
    """
    bytes_ = size(folder)
    if bytes_ > limits.quarantined_bytes:
        (folder / FILE).unlink(missing_ok=True)
    record = {
        "run": run,
        "parent": parent,
        "at": now.isoformat(),
        "reasons": list(reasons),
        "bytes": bytes_,
    }
    write_json(folder / RECORD, record)
    home = root / "quarantine"
    home.mkdir(exist_ok=True)
    target = home / f"{now:%Y%m%dT%H%M%S}-{run[:8]}"
    if target.exists():
        remove(target, root / "trash")
    folder.rename(target)
    sync(home)
    bound(root, limits)
    return _read(target)


def read_quarantine(folder: Path) -> list[Quarantined]:
    """Return what is in quarantine, the newest first."""
    found = []
    for path in folder.glob("*"):
        # The doctor names those without a readable record.
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            found.append(_read(path))
    return sorted(found, key=lambda each: each.at, reverse=True)


def bound(root: Path, limits: Limits) -> None:
    """Remove the oldest beyond the limits."""
    kept = 0
    for at, each in enumerate(read_quarantine(root / "quarantine")):
        kept += size(each.folder)
        if at and (at >= limits.quarantined or kept > limits.quarantined_bytes):
            remove(each.folder, root / "trash")


def _read(folder: Path) -> Quarantined:
    document = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    reasons = tuple(document.pop("reasons"))
    return Quarantined(id=folder.name, reasons=reasons, folder=folder, **document)
