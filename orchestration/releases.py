"""What the commands about releases do: list, compare, go back, keep, remove, tell the state."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from dataops.doctor import Finding, examine
from dataops.status import Status
from dataops.warehouse import Release
from ml.errors import PipelineError, UsageError
from orchestration.project import Project

# The schema of what is known of the runs, which always differs.
OPS = "ops"


def list_releases(folder: Path | None, as_json: bool) -> None:
    """List every release, the newest first."""
    warehouse, console = Project.locate(folder).warehouse, Console(soft_wrap=True)
    releases, current = warehouse.releases(), warehouse.release
    if as_json:
        console.print_json(json.dumps([_document(each, current) for each in releases]))
        return
    if not releases:
        console.print(f"{warehouse.root} has no release yet\nnext: goldloop run")
        return
    # Nothing is cut off where the terminal is narrow.
    facts = [Column(name, overflow="fold") for name in ("commit", "checks", "models", "rows")]
    table = Table("", Column("release", no_wrap=True), *facts, "change", "")
    before = {each.id: each for each in releases}
    for each in releases:
        table.add_row("●" if each.id == current else "", *_row(each, before.get(each.parent or "")))
    console.print(table)
    console.print("next: goldloop releases diff A B, goldloop rollback [--to ID], releases keep ID")


def roll_back(folder: Path | None, to: str | None) -> None:
    """Let readers see an earlier release."""
    warehouse, console = Project.locate(folder).warehouse, Console(soft_wrap=True)
    left = warehouse.release
    release = warehouse.rollback(to)
    console.print(f"readers see {release.id}, published {_when(release)} UTC, instead of {left}")
    console.print(f"nothing is lost; to return: goldloop rollback --to {left}")


def keep_release(folder: Path | None, release: str, why: str) -> None:
    """Keep a release whatever its age."""
    kept = Project.locate(folder).warehouse.keep(release, why)
    Console(soft_wrap=True).print(
        f"{kept.id} is kept: {why}\nto let it go: goldloop releases unkeep {kept.id}"
    )


def unkeep_release(folder: Path | None, release: str) -> None:
    """Let a kept release be pruned like any other."""
    Console(soft_wrap=True).print(
        f"{Project.locate(folder).warehouse.unkeep(release).id} is no longer kept"
    )


def prune_releases(folder: Path | None, last: int | None) -> None:
    """Remove old releases now."""
    project, console = Project.locate(folder), Console(soft_wrap=True)
    removed = project.warehouse.prune(last)
    freed = sum(each.bytes for each in removed)
    console.print(f"{len(removed)} releases removed, {freed:,} bytes freed")
    if not removed:
        console.print("what readers see, what is kept and what a sandbox reads always stays")
    console.print("next: goldloop releases")


def show_status(folder: Path | None, as_json: bool) -> None:
    """Tell what readers see, how old it is, and why it is not newer."""
    project, console = Project.locate(folder), Console(soft_wrap=True)
    status = Status.of(project.warehouse, datetime.now(UTC))
    if as_json:
        console.print_json(json.dumps(status.document()))
        return
    if status.open_run:
        console.print(f"a run is open: {status.open_run}")
    if status.release and status.age:
        console.print(
            f"readers see {status.release.id}, {_ago(status.age)} old, {_checks(status.release)}"
        )
    else:
        console.print("nothing was published yet")
    _print_why_stale(status, console)
    console.print("next: goldloop run" if status.is_stale else "next: goldloop releases")


def diagnose(folder: Path | None, deep: bool, as_json: bool) -> None:
    """Name what is wrong with the warehouse folder; raise when a person has to act."""
    project, console = Project.locate(folder), Console(soft_wrap=True)
    findings = examine(project.warehouse, datetime.now(UTC), deep)
    if as_json:
        console.print_json(json.dumps([vars(each) for each in findings]))
    else:
        _print_findings(findings, console)
    wrong = [each for each in findings if not each.heals]
    if wrong:
        raise PipelineError(
            f"{len(wrong)} of these need you", fix="do what is said, then: goldloop doctor"
        )


def compare_releases(folder: Path | None, old: str, new: str, as_json: bool) -> None:
    """Show what differs between two releases."""
    from dataops.differences import compare, primary_keys
    from dataops.sandbox import personal_columns
    from orchestration.declared import declared_models
    from orchestration.differences import document, print_difference

    project, console = Project.locate(folder), Console(soft_wrap=True)
    before, after = (project.warehouse.find(each) for each in (old, new))
    for each in (before, after):
        each.require_whole()
    if before.id == after.id:
        raise UsageError(f"{old} and {new} are the same release", fix="type: goldloop releases")
    keys = primary_keys(project.manifest, declared_models(project))
    masked = personal_columns(project.manifest)
    with Console(stderr=True).status("comparing"):
        difference = compare(
            before.file,
            after.file,
            keys=keys,
            masked=masked,
            without=[OPS],
            samples=3,
        )
    if as_json:
        console.print_json(json.dumps(document(difference), default=str))
        return
    print_difference(difference, console, then=f"goldloop rollback --to {before.id}")


def _document(release: Release, current: str | None) -> dict[str, Any]:
    document = {name: value for name, value in vars(release).items() if name != "folder"}
    return document | {"is_current": release.id == current, "kept": release.kept}


def _row(release: Release, parent: Release | None) -> Sequence[str]:
    rows = sum(release.rows.values())
    change = f"{rows - sum(parent.rows.values()):+,}" if parent else ""
    models = ", ".join(f"{name}@{version}" for name, version in release.models.items())
    kept = f"kept: {release.kept}" if release.kept else ""
    commit = release.code_version[:8] + ("+" if release.code_version.endswith("+") else "")
    return release.id, commit, _checks(release), models, f"{rows:,}", change, kept


def _checks(release: Release) -> str:
    passed, warned = release.checks.get("passed", 0), release.checks.get("warned", 0)
    return f"{passed} passed" + (f", {warned} warned" if warned else "")


def _when(release: Release) -> str:
    return f"{release.time:%Y-%m-%d %H:%M:%S}"


def _ago(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    days, hours = divmod(minutes // 60, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"


def _print_why_stale(status: Status, console: Console) -> None:
    if status.newer:
        back = f"[yellow]readers were taken back from {status.newer.id}[/]"
        console.print(f"{back}; to return: goldloop rollback --to {status.newer.id}")
    last = status.last_run
    if last is None or not status.is_stale:
        return
    told = f": {last.message}" if last.message and not status.refused else ""
    console.print(f"[yellow]it is not newer because run {last.run} {_ended(last.outcome)}[/]{told}")
    for each in status.refused[:1]:
        for reason in each.reasons:
            console.print(f"  {reason}", markup=False)
        console.print(f"what it had built is kept in {each.folder}")


def _ended(outcome: str) -> str:
    return {"cancelled": "was ended by a person", "died": "died"}.get(outcome, outcome)


def _print_findings(findings: Sequence[Finding], console: Console) -> None:
    if not findings:
        console.print("nothing is wrong\nnext: goldloop status")
        return
    table = Table("where", "what is wrong", "what to do")
    for each in findings:
        table.add_row(each.where, each.problem, each.fix)
    console.print(table)
