"""A person decides which version scores: promote, retire, roll back; each makes a release."""

import getpass
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from duckdb import DuckDBPyConnection
from rich.console import Console

from dataops.amendment import Amended, amend
from dataops.manifest import Manifest
from ml.data.checks import utc
from ml.declaration.trust import trust_of
from ml.errors import UsageError
from ml.transaction import transaction
from ml.versions import decisions, registry
from ml.versions.decisions import Cause
from ml.versions.registry import ModelVersion
from orchestration.assets.sql_trained import trained_by_sql
from orchestration.models.names import split_name, version_of, versions_of
from orchestration.project import Project

# What was done with which version, and what the ledger should say of it.
Done = tuple[ModelVersion, str]


def promote_version(folder: Path | None, text: str, why: str | None) -> None:
    """Make a version the champion; of a name alone, the challenger."""

    def change(conn: DuckDBPyConnection, cause: Cause) -> Done:
        version = _to_promote(registry.versions(conn), text, why)
        _check_readable(folder, conn, version)
        made = decisions.promote(conn, version, cause, why or f"promoted by {cause.by}")
        return made, why or ""

    _change(folder, "promote", "promoted", change)


def retire_version(folder: Path | None, text: str, why: str | None) -> None:
    """Take a champion or a challenger out of use."""

    def change(conn: DuckDBPyConnection, cause: Cause) -> Done:
        version = version_of(registry.versions(conn), _versioned(text, "retire"))
        if version.status not in ("champion", "challenger"):
            raise UsageError(
                f"{version.name} is {version.status} and does not score; "
                "allowed: a champion or a challenger",
                fix=f"type: goldloop models show {version.model}",
            )
        return decisions.retire(conn, version, cause, why or f"retired by {cause.by}"), why or ""

    _change(folder, "retire", "retired", change)


def roll_back_model(folder: Path | None, name: str, why: str | None) -> None:
    """Make the champion before the present one champion again."""

    def change(conn: DuckDBPyConnection, cause: Cause) -> Done:
        versions_of(registry.versions(conn), name)
        made, _ = decisions.roll_back(conn, name, cause, why)
        _check_readable(folder, conn, made)
        return made, why or ""

    _change(folder, "rollback", "rolled_back", change)


def _check_readable(folder: Path | None, conn: DuckDBPyConnection, version: ModelVersion) -> None:
    """Load ``version``: what cannot be read cannot score."""
    project = Project.locate(folder)
    trust = trust_of(version.estimator, project.folder, project.settings.ml.trust)
    registry.load(conn, version, trust)


def _change(
    folder: Path | None,
    action: decisions.Action,
    outcome: str,
    change: Callable[[DuckDBPyConnection, Cause], Done],
) -> None:
    """Do ``change`` in a candidate, publish it and say what to type next."""
    project, console = Project.locate(folder), Console(soft_wrap=True)
    changed: list[ModelVersion] = []

    def body(conn: DuckDBPyConnection, run_id: str) -> Amended:
        cause = Cause(action, utc(datetime.now(UTC)), run_id, _person())
        with transaction(conn):
            version, why = change(conn, cause)
        changed.append(version)
        champions = {
            each.model: each.version
            for each in registry.versions(conn)
            if each.status == "champion"
        }
        details = {"model": version.model, "version": version.version, "by": cause.by}
        return Amended(champions, outcome, version.name, why, details)

    release = amend(project.warehouse, body, project.wait_seconds, console.print)
    (version,) = changed
    console.print(f"{version.name} is {version.status}; readers see release {release.id}")
    if version.model in trained_by_sql(Manifest.read(release.manifest)):
        console.print("next: goldloop run (SQL trains it and asks it)")
    elif version.status == "champion":
        console.print(f"next: goldloop score {version.model} (its predictions), then: goldloop run")
    elif version.model not in release.models:
        console.print(
            f"no version of {version.model} is champion now, so that it cannot score\n"
            f"next: goldloop models promote {version.model}@N, or: goldloop train {version.model}"
        )
    else:
        console.print(f"next: goldloop models show {version.model}")


def _to_promote(every: list[ModelVersion], text: str, why: str | None) -> ModelVersion:
    """Return the version to promote; raise UsageError where that is not to be."""
    name, number = split_name(text)
    found = versions_of(every, name)
    if number is None:
        waiting = [each for each in found if each.status == "challenger"]
        version = version_of(every, waiting[0].name if waiting else _versioned(text, "promote"))
    else:
        version = version_of(every, text)
    if version.status == "champion":
        raise UsageError(
            f"{version.name} is the champion already", fix=f"type: goldloop models show {name}"
        )
    if version.status == "rejected" and not why:
        raise UsageError(
            f"{version.name} was rejected ({version.reason}); promoting it needs a reason",
            fix=f'type: goldloop models promote {version.name} --why "…"',
        )
    return version


def _versioned(text: str, action: str) -> str:
    """Return ``text`` if it names a version; raise UsageError if it names a model alone."""
    name, number = split_name(text)
    if number is None:
        raise UsageError(
            f"'{text}' names no version; allowed: NAME@7",
            fix=f"type: goldloop models show {name}, then: goldloop models {action} {name}@N",
        )
    return text


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
