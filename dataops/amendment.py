"""A small change of the warehouse without a run: one release, or none, like any other."""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from duckdb import DuckDBPyConnection

from dataops.ledger import Event
from dataops.warehouse import Candidate, Release, Warehouse
from dataops.warehouse.release import KEPT, RECORD
from ml.errors import PipelineError


@dataclass(frozen=True)
class Amended:
    """What was changed: the champions there are now, and how the ledger tells of the change."""

    models: Mapping[str, int]
    outcome: str
    name: str
    message: str
    details: Mapping[str, Any]


def amend(
    warehouse: Warehouse,
    change: Callable[[DuckDBPyConnection, str], Amended],
    wait: float = 0.0,
    waiting: Callable[[str], None] | None = None,
) -> Release:
    """Publish a release that differs from the current one by what ``change`` does, and no more.

    ``change`` is given a connection and the id of the run it counts as. What dbt built and what
    was checked stays as the release before has it. Waits up to ``wait`` seconds for a run at work.
    Raises what ``change`` raises, and PipelineError where there is no release; nothing is published
    then.
    """
    run = str(uuid4())
    candidate = warehouse.open(run, wait, waiting)
    began = datetime.now(UTC)
    with _ended(warehouse, candidate, began):
        parent = candidate.parent
        if parent is None:
            raise PipelineError(f"{warehouse.root} has no release yet", fix="type: goldloop run")
        with warehouse.connect() as connection:
            amended = change(connection, run)
        _copy_state(parent, candidate.folder)
        facts = {"code_version": parent.code_version, "checks": parent.checks}
        release = candidate.publish(facts | {"models": dict(amended.models)}, datetime.now(UTC))
    # It is published, whether or not the ledger can be written now.
    with contextlib.suppress(PipelineError):
        warehouse.ledger.append(*_told(release, amended, began))
    return release


@contextlib.contextmanager
def _ended(warehouse: Warehouse, candidate: Candidate, began: datetime) -> Iterator[None]:
    """Tell the ledger of the run; let the candidate go when the block raises."""
    parent = candidate.parent.id if candidate.parent else None
    told: dict[str, Any] = {
        "kind": "run",
        "run": candidate.run_id,
        "parent": parent,
        "started_at": began,
    }
    warehouse.ledger.append(Event(outcome="started", **told))
    try:
        yield
    except BaseException as error:
        candidate.discard()
        why = str(error) or type(error).__name__
        with contextlib.suppress(PipelineError):
            warehouse.ledger.append(
                Event(outcome="failed", ended_at=datetime.now(UTC), message=why, **told)
            )
        raise


def _copy_state(parent: Release, folder: Path) -> None:
    """Copy dbt's state and what was checked: nothing was built anew."""
    for path in parent.folder.glob("*.json"):
        if path.name not in (RECORD, KEPT):
            shutil.copyfile(path, folder / path.name)


def _told(release: Release, amended: Amended, began: datetime) -> Iterator[Event]:
    told: dict[str, Any] = {
        "run": release.run, "parent": release.parent, "release": release.id,
        "started_at": began, "ended_at": datetime.now(UTC),
    }  # fmt: skip
    yield Event(
        kind="model", outcome=amended.outcome, name=amended.name, message=amended.message,
        details=amended.details, **told,
    )  # fmt: skip
    yield Event(kind="run", outcome="succeeded", bytes=release.bytes, **told)
