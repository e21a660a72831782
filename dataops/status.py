"""How a warehouse stands: what readers see, how old it is, and why it is not newer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dataops.ledger import Event
from dataops.warehouse import Quarantined, Release, Warehouse

FINISHED = ("succeeded", "failed", "cancelled", "died")


@dataclass(frozen=True)
class Status:
    """The state of a warehouse at ``now``.

    ``release`` is what readers see, ``open_run`` the run at work, in words, ``last_run`` the run
    that ended last, ``refused`` the candidates refused since the release was published, ``newer``
    the newest release when readers were taken back from it.
    """

    now: datetime
    release: Release | None
    open_run: str | None
    last_run: Event | None
    refused: tuple[Quarantined, ...]
    newer: Release | None = None

    @classmethod
    def of(cls, warehouse: Warehouse, now: datetime) -> "Status":
        """Look at ``warehouse``; raises PipelineError when ``current`` is lost."""
        release = warehouse.current_release()
        ended = [each for each in warehouse.ledger.events(kind="run") if each.outcome in FINISHED]
        refused = tuple(
            each
            for each in warehouse.quarantined()
            if release is None or datetime.fromisoformat(each.at) > release.time
        )
        last = ended[-1] if ended else None
        newest = next(iter(warehouse.releases()), None)
        newer = newest if release and newest and newest.number > release.number else None
        return cls(now, release, warehouse.holder, last, refused, newer)

    @property
    def age(self) -> timedelta | None:
        """How old the release is that readers see."""
        return self.now - self.release.time if self.release else None

    @property
    def is_stale(self) -> bool:
        """Whether the last run ended without publishing.

        A run whose process died after its publication could not say that it had succeeded.
        """
        last = self.last_run
        if last is None or last.outcome == "succeeded":
            return False
        return self.release is None or self.release.run != last.run

    def document(self) -> dict[str, Any]:
        """Return the status as JSON holds it."""
        release, last = self.release, self.last_run
        return {
            "release": release.id if release else None,
            "published_at": release.published_at if release else None,
            "age_seconds": round(self.age.total_seconds()) if self.age else None,
            "open_run": self.open_run,
            "newer": self.newer.id if self.newer else None,
            "is_stale": self.is_stale,
            "last_run": {"run": last.run, "outcome": last.outcome, "message": last.message}
            if last
            else None,
            "refused": [
                {"id": each.id, "run": each.run, "at": each.at, "reasons": list(each.reasons)}
                for each in self.refused
            ],
        }
