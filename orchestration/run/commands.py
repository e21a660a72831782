"""What each command of the command line does, once its words have been read."""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from ml.errors import UsageError
from orchestration.assets.feedback import check_feedback
from orchestration.assets.sql_trained import call_of, trained_by_sql
from orchestration.declared import declared_models, no_exposure
from orchestration.features.commands import checked_views
from orchestration.features.pointing_out import added_features, point_out
from orchestration.project import BY_HAND, WAIT, Project
from orchestration.run.instance import prepare_instance
from orchestration.run.progress import watched_by
from orchestration.synthetic.sets import check_use

if TYPE_CHECKING:
    from orchestration.run.runner import Step

KEPT_LOGS = 20
OUTCOMES = {"done": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[yellow]–[/]"}


def simulate_files(folder: Path | None, landing: Path | None, **settings: Any) -> None:
    """Write the example business's files into the landing folder and say how many."""
    from simulator.world import Settings, simulate

    project = Project.locate(folder, landing=landing)
    console = Console(stderr=True)
    try:
        with Progress(
            TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), console=console
        ) as bar:
            task = bar.add_task("days", total=None)
            summary = simulate(
                Settings(**settings),
                project.landing,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except (ValueError, FileExistsError, NotADirectoryError) as error:
        raise UsageError(str(error), fix="see: goldloop simulate --help") from error
    console.print(f"{summary.files:,} files with {summary.rows:,} rows in {project.landing}")
    console.print("next: goldloop run")


def run_loop(folder: Path | None, landing: Path | None, wait: float | None) -> None:
    """Run every asset and close with the tables a person wants to see."""
    project = Project.locate(folder, landing=landing)
    release = project.warehouse.current_release()
    added = added_features(project, release.manifest if release else None)
    run_assets(project, None, wait=wait)
    from orchestration.run.summary import print_release

    point_out(project, added, Console(soft_wrap=True))
    print_release(project, Console(soft_wrap=True))


def run_landing(
    folder: Path | None, landing: Path | None, again: str | None, wait: float | None
) -> None:
    """Run the landing assets only."""
    project = Project.locate(folder, landing=landing)
    keys = [
        [node["schema"], node["identifier"]]
        for node in project.manifest.sources
        if "landing" in (node["config"].get("meta") or {})
    ]
    if not keys:
        raise UsageError(
            f"no source of {project.folder} says where its files are",
            fix="add `config: {meta: {landing: {path: …, format: …, key: […]}}}` to a source table",
        )
    ops = {"landing": {"config": {"again": again}}} if again else None
    run_assets(project, keys, ops, wait=wait)
    from orchestration.run.summary import print_landing

    print_landing(project, Console(soft_wrap=True))


def run_models(folder: Path | None, names: Sequence[str], layer: str, wait: float | None) -> None:
    """Run the assets of ``layer`` (``ml`` or ``predictions``) of the named ML models, or of all."""
    project = Project.locate(folder)
    declared = [spec.name for spec in declared_models(project)]
    for name in names:
        if name not in declared:
            raise no_exposure(project, name, declared, _by_sql(project, layer, name))
    if not declared:
        by_sql = trained_by_sql(project.manifest)
        told = f" but those that SQL trains: {', '.join(sorted(by_sql))}" if by_sql else ""
        raise UsageError(
            f"{project.folder} declares no ML model{told}",
            fix=_by_sql(project, layer, min(by_sql))
            if by_sql
            else "add an exposure of type ml (docs/ml.md shows one), then: dbt parse",
        )
    tags = {BY_HAND: "by hand"} if layer == "ml" else None
    run = run_assets(project, [[layer, name] for name in names or declared], tags=tags, wait=wait)
    from orchestration.run.summary import print_models

    trained_by = run if layer == "ml" else None
    print_models(project, Console(soft_wrap=True), names or declared, trained_by)


def _by_sql(project: Project, layer: str, name: str) -> str:
    """Return what trains, or asks, a model ``name`` that SQL trains."""
    if layer == "ml":
        return f"type: goldloop run, or: dbt build --select {name}"
    asked = f"{{{{ {call_of(project.manifest, name)} }}}}"
    return f"ask in a SQL model: select * from {asked}; then: goldloop run"


def open_ui(folder: Path | None, landing: Path | None, port: int) -> None:
    """Become ``dagster dev`` on the loopback address."""
    project = Project.locate(folder, landing=landing)
    project.export()
    prepare_instance(project.home)
    dagster = str(Path(sys.executable).with_name("dagster"))
    command = [dagster, "dev", "-h", "127.0.0.1", "-p", str(port)]
    os.execv(dagster, [*command, "-m", "orchestration.definitions"])


def run_assets(
    project: Project,
    assets: Sequence[Sequence[str]] | None,
    ops: Any = None,
    *,
    tags: Mapping[str, str] | None = None,
    wait: float | None,
) -> str:
    """Run ``assets``, or all of them, as the terminal sees it; return the run's id."""
    project.export()
    if wait is not None:
        os.environ[WAIT] = str(wait)
    prepare_instance(project.home)
    logs = project.home / "logs"
    with _quiet(logs) as console:
        with console.status("reading the project"):
            # What is declared wrongly is told before the seconds that loading Dagster takes.
            check_use(project.manifest, declared_models(project))
            checked_views(project)
            check_feedback(project)
            from orchestration.run.runner import run_job
        with console.status("starting") as status, watched_by(status.update):
            return run_job(assets, lambda step: _show(step, console, status), ops, tags)


def _show(step: "Step", console: Console, status: Any) -> None:
    if step.outcome == "running":
        status.update(f"{step.name} …")
        return
    facts = [f"{step.assets} asset{'s' * (step.assets > 1)}"] if step.assets else []
    if step.checks:
        facts.append(f"{step.checks - len(step.failed_checks)} of {step.checks} checks passed")
    detail = ", ".join([*facts, f"{step.seconds:.1f} s"])
    console.print(f"{OUTCOMES[step.outcome]} {step.name}: {detail}")


@contextlib.contextmanager
def _quiet(logs: Path) -> Iterator[Console]:
    """Send what the tools print to a log file; yield a console that still reaches the person."""
    logs.mkdir(parents=True, exist_ok=True)
    for old in sorted(logs.glob("*.log"))[:-KEPT_LOGS]:
        old.unlink()
    sys.stdout.flush()
    saved = os.dup(1), os.dup(2)
    from datetime import UTC, datetime

    path = logs / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"
    try:
        with path.open("w") as log, os.fdopen(os.dup(saved[1]), "w") as terminal:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            yield Console(file=terminal)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for target, descriptor in enumerate(saved, start=1):
            os.dup2(descriptor, target)
            os.close(descriptor)
