"""The ledger's view of a run: what each asset and check came to, and what the run cost."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from dagster import DagsterEvent, DagsterEventType

from dataops.blocked import Blocked
from dataops.ledger import Event, Ledger
from dataops.meter import Usage, metered
from dataops.warehouse import Candidate, Quarantined, Release
from ml.errors import PipelineError
from orchestration.assets.size import BYTES, ROWS
from orchestration.run.audit import Audit
from orchestration.run.passing import table_of

ENDED = {
    DagsterEventType.STEP_SUCCESS,
    DagsterEventType.STEP_FAILURE,
    DagsterEventType.STEP_SKIPPED,
}


class Recorder:
    """Tells the ledger of one run, as its events go by."""

    def __init__(self, ledger: Ledger, candidate: Candidate) -> None:
        self._ledger = ledger
        self._candidate = candidate
        self._began = datetime.now(UTC)
        self._usage = Usage()

    def started(self) -> None:
        """Tell that the run has begun."""
        self._tell(self._event("run", "started", started_at=self._began))

    def follow(self, events: Iterator[DagsterEvent]) -> Iterator[DagsterEvent]:
        """Yield ``events`` and tell what each step made and checked, once it has ended."""
        with metered() as self._usage:
            step, seen = contextlib.ExitStack(), list[DagsterEvent]()
            usage, began = Usage(), self._began
            for event in events:
                if event.event_type == DagsterEventType.STEP_START:
                    usage, began = step.enter_context(metered()), datetime.now(UTC)
                seen.append(event)
                if event.event_type in ENDED:
                    step.close()
                    self._tell(*self._of_step(seen, usage, began))
                    seen = []
                yield event

    def missing(self, audit: Audit) -> None:
        """Tell of what was planned and did not happen."""
        blocked = Blocked(self._candidate.folder).all()
        events = []
        for table in sorted(audit.planned - audit.built):
            cause = blocked.get(table)
            outcome = "failed" if cause and cause.startswith(table) else "skipped"
            events.append(self._event("asset", outcome, asset=table, message=cause))
        for table, name in sorted(audit.unchecked):
            events.append(self._event("check", "not_run", asset=table, name=name))
        self._tell(*events)

    def published(self, release: Release) -> None:
        """Tell that the run succeeded; the release itself was told with the publication."""
        rows = sum(release.rows.values())
        # It is published, whether or not the ledger can be written now.
        with contextlib.suppress(PipelineError):
            self._end("succeeded", release=release.id, rows=rows, bytes=release.bytes)

    def failed(self, error: BaseException) -> None:
        """Tell that the run failed, and why."""
        self._end("failed", message=str(error) or type(error).__name__)

    def cancelled(self) -> None:
        """Tell that a person ended the run."""
        self._end("cancelled")

    def quarantined(self, kept: Quarantined) -> None:
        """Tell where the candidate is."""
        reasons = "\n".join(kept.reasons)
        self._tell(
            self._event("release", "quarantined", name=kept.id, bytes=kept.bytes, message=reasons)
        )

    def _end(self, outcome: str, **facts: Any) -> None:
        usage = self._usage
        cost = {"cpu_seconds": usage.cpu_seconds, "peak_memory_bytes": usage.peak_memory_bytes}
        ended = datetime.now(UTC)
        self._tell(
            self._event("run", outcome, started_at=self._began, ended_at=ended, **cost, **facts)
        )

    def _of_step(
        self, events: list[DagsterEvent], usage: Usage, began: datetime
    ) -> Iterator[Event]:
        """Yield the events of a step; its cost is that of its asset when it made only one."""
        made = [e for e in events if e.event_type == DagsterEventType.ASSET_MATERIALIZATION]
        cost = {"cpu_seconds": usage.cpu_seconds, "peak_memory_bytes": usage.peak_memory_bytes}
        for event in made:
            started, ended = _times(event, began)
            asset: Any = event.asset_key
            told = event.step_materialization_data.materialization.metadata
            rows, size = told.get(ROWS), told.get(BYTES)
            yield self._event(
                "asset", "succeeded", asset=table_of(asset), started_at=started,
                ended_at=ended, rows=rows.value if rows else None,
                bytes=size.value if size else None,
                details={"step": event.step_key}, **(cost if len(made) == 1 else {}),
            )  # fmt: skip
        for event in events:
            if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
                yield self._check(event.asset_check_evaluation_data)

    def _check(self, verdict: Any) -> Event:
        blocks = verdict.severity == dg.AssetCheckSeverity.ERROR
        outcome = "passed" if verdict.passed else "failed" if blocks else "warned"
        return self._event(
            "check", outcome, asset=table_of(verdict.asset_key), name=verdict.check_name,
            message=None if verdict.passed else verdict.description, ended_at=datetime.now(UTC),
        )  # fmt: skip

    def _event(self, kind: str, outcome: str, **facts: Any) -> Event:
        parent = self._candidate.parent
        return Event(
            kind=kind, outcome=outcome, run=self._candidate.run_id,
            parent=parent.id if parent else None, **facts,
        )  # fmt: skip

    def _tell(self, *events: Event) -> None:
        self._ledger.append(*events)


def _times(event: DagsterEvent, began: datetime) -> tuple[datetime, datetime]:
    """Return when an asset was begun and ended; dbt says how long a model took, not since when."""
    ended = datetime.now(UTC)
    metadata = event.step_materialization_data.materialization.metadata
    seconds: Any = metadata.get("Execution Duration")
    return (ended - timedelta(seconds=float(seconds.value)) if seconds else began), ended
