"""Slim CI: a smoke test of the whole graph on a small sample, then what changed, with its tests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from dataops.artifacts import MANIFEST
from dataops.manifest import Manifest
from dataops.sandbox import Sample, Sandbox, Sandboxes
from dataops.warehouse.lock import held
from orchestration.features.pointing_out import added_features, point_out_in
from orchestration.project import Project
from orchestration.sandbox.build import EVERYTHING, Mode
from orchestration.sandbox.commands import CHANGED, build, current, differences, print_built
from orchestration.sandbox.dbt import CI, write_settings

SMOKE_ROWS = "1000"


def run_ci(folder: Path | None, state: Path | None) -> None:
    """Try the project against the current release; raise on the first thing that fails.

    ``state`` is a folder with the manifest to compare with, by default the release's own.
    """
    project, console = Project.locate(folder), Console()
    with _alone(project):
        _smoke(project, console)
        _slim(project, console, state)


def _smoke(project: Project, console: Console) -> None:
    """Build everything, ML included, from a sample."""
    began = time.monotonic()
    sample = Sample.parse(SMOKE_ROWS, project.settings.sandbox.sample_by)
    sandbox = _sandbox(project, sample, None)
    built = build(project, sandbox, EVERYTHING, Mode(smoke=True))
    console.print(f"[green]✓[/] smoke: everything runs ({time.monotonic() - began:.0f} s)")
    print_built(built, console)


def _slim(project: Project, console: Console, state: Path | None) -> None:
    """Build what changed over the whole release, with tests and gates; show what that does."""
    from orchestration.differences import print_difference

    began = time.monotonic()
    sandbox = _sandbox(project, None, state)
    built = build(project, sandbox, CHANGED, Mode(strict=True))
    console.print(f"[green]✓[/] slim: what changed holds ({time.monotonic() - began:.0f} s)")
    print_built(built, console)
    point_out_in(project, sandbox, added_features(project, sandbox.state / MANIFEST), console)
    if built.nodes or built.models:
        then = "goldloop sandbox create NAME (to look closer)"
        print_difference(differences(project, sandbox, False), console, then=then)


def _sandbox(project: Project, sample: Sample | None, state: Path | None) -> Sandbox:
    """Make CI's sandbox anew: unmasked, for tests and gates judge what readers would get.

    No value of a personal column is shown, and the sandbox goes when CI ends.
    """
    release = current(project)
    manifests = [Manifest.read(release.manifest)]
    sandbox, _ = Sandboxes(project.warehouse).create(
        CI, release, manifests, sample=sample, replace=True, masked=False, state=state
    )
    write_settings(project, sandbox)
    return sandbox


@contextmanager
def _alone(project: Project) -> Iterator[None]:
    """Let one CI at a time work here, and leave nothing of it."""
    current(project)
    sandboxes = Sandboxes(project.warehouse)
    sandboxes.root.mkdir(exist_ok=True)
    with held(sandboxes.root / "ci.lock", "goldloop ci", wait=0.0):
        try:
            yield
        finally:
            if (sandboxes.root / CI).is_dir():
                sandboxes.drop(CI)
