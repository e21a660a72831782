"""What becomes of versions, and the history of it: which one scores, by whose word, and why.

``ml.model_versions`` has what each version is now, ``ml.decisions`` every change, never unwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Literal

from duckdb import DuckDBPyConnection

from ml.errors import UsageError
from ml.relation import quote
from ml.tables import DECISIONS, MODEL_VERSIONS, create_tables, exists
from ml.versions import registry
from ml.versions.registry import ModelVersion

Action = Literal["train", "promote", "retire", "rollback"]
CRITERIA = "criteria"


@dataclass(frozen=True)
class Cause:
    """By what a status changes, when (naive UTC), in which run, and by whom."""

    action: Action
    at: datetime
    run_id: str
    by: str = CRITERIA


@dataclass(frozen=True)
class Decision:
    """One change of one version's status, as ``ml.decisions`` has it."""

    number: int
    model: str
    version: int
    status: str
    action: str
    reason: str | None
    decided_at: datetime
    run_id: str
    by: str


_KEPT = [each.name for each in fields(Decision)]


def promote(
    conn: DuckDBPyConnection, version: ModelVersion, cause: Cause, reason: str | None = None
) -> ModelVersion:
    """Make ``version`` the champion; the champion before it is retired.

    So is a challenger trained before, when a training makes the champion.
    """
    statuses = ("champion", "challenger") if cause.action == "train" else ("champion",)
    _make_room(conn, version, statuses, cause)
    return _decide(conn, version, "champion", reason, cause)


def challenge(
    conn: DuckDBPyConnection, version: ModelVersion, cause: Cause, reason: str | None = None
) -> ModelVersion:
    """Make ``version`` the challenger, which scores in shadow; one before it is retired."""
    _make_room(conn, version, ("challenger",), cause)
    return _decide(conn, version, "challenger", reason, cause)


def reject(
    conn: DuckDBPyConnection, version: ModelVersion, cause: Cause, reason: str
) -> ModelVersion:
    """Mark ``version`` as not good enough; the champion stays."""
    return _decide(conn, version, "rejected", reason, cause)


def retire(
    conn: DuckDBPyConnection, version: ModelVersion, cause: Cause, reason: str
) -> ModelVersion:
    """Take ``version`` out of use; a retired champion leaves none."""
    return _decide(conn, version, "retired", reason, cause)


def roll_back(
    conn: DuckDBPyConnection, model: str, cause: Cause, why: str | None = None
) -> tuple[ModelVersion, ModelVersion | None]:
    """Make the champion before the one there is champion again; return it and the one it replaces.

    Raises UsageError when there was none before.
    """
    before = champion_before(history(conn, model))
    versions = {each.version: each for each in registry.versions(conn, model)}
    current = registry.champion(conn, model)
    if before is None or before not in versions:
        raise UsageError(
            f"no version of ML model '{model}' was champion before "
            f"{current.name if current else 'now'}",
            fix=f"choose one: goldloop models show {model}, then: goldloop models promote NAME@N",
        )
    because = f": {why}" if why else ""
    told = f"rolled back from {current.name}{because}" if current else f"rolled back{because}"
    return promote(conn, versions[before], cause, told), current


def history(conn: DuckDBPyConnection, model: str) -> list[Decision]:
    """Return every decision on the versions of ``model``, the oldest first."""
    if not exists(conn, DECISIONS):
        return []
    rows = conn.execute(
        f"select {', '.join(map(quote, _KEPT))} from {DECISIONS.sql} where model = ? "
        "order by number",
        [model],
    ).fetchall()
    return [Decision(*row) for row in rows]


def champion_before(taken: Sequence[Decision]) -> int | None:
    """Return the version that was champion before the last one, in the order ``taken``.

    A rollback undoes what came after the version it went back to, so that the next one goes on.
    """
    line: list[int] = []
    for each in taken:
        if each.status != "champion":
            continue
        if each.action == "rollback" and each.version in line:
            while line[-1] != each.version:
                line.pop()
        else:
            line.append(each.version)
    return line[-2] if len(line) > 1 else None


def put_aside_by_hand(conn: DuckDBPyConnection, version: ModelVersion) -> bool:
    """Whether a person took ``version`` out of use, so that the same training must not undo it."""
    last = [each for each in history(conn, version.model) if each.version == version.version]
    return bool(last) and last[-1].status == "retired" and last[-1].action != "train"


def _make_room(
    conn: DuckDBPyConnection, version: ModelVersion, statuses: Sequence[str], cause: Cause
) -> None:
    for other in registry.versions(conn, version.model):
        if other.status in statuses and other.version != version.version:
            _decide(conn, other, "retired", f"{version.name} took its place", cause)


def _decide(
    conn: DuckDBPyConnection, version: ModelVersion, status: str, reason: str | None, cause: Cause
) -> ModelVersion:
    """Set what ``version`` is from now on, and write down that it was decided."""
    create_tables(conn)
    conn.execute(
        f"update {MODEL_VERSIONS.sql} set status = ?, reason = ?, decided_at = ? "
        "where model = ? and version = ?",
        [status, reason, cause.at, version.model, version.version],
    )
    conn.execute(
        f"insert into {DECISIONS.sql} ({', '.join(map(quote, _KEPT))}) "
        f"select coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? from {DECISIONS.sql}",
        [version.model, version.version, status, cause.action, reason]
        + [cause.at, cause.run_id, cause.by],
    )
    return replace(version, status=status, reason=reason, decided_at=cause.at)
