"""What the commands about sandboxes do: make one, list them, build in one, show what it changes."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Column, Table

from dataops.artifacts import MANIFEST
from dataops.manifest import REFERABLE, Manifest
from dataops.sandbox import (
    How,
    Sample,
    Sandbox,
    Sandboxes,
    personal_columns,
)
from dataops.warehouse import Release
from dataops.warehouse.lock import held
from ml.errors import GoldloopError, PipelineError, UsageError
from ml.relation import Relation
from ml.tables import PREDICTIONS_SCHEMA
from orchestration.declared import declared_in
from orchestration.project import Project
from orchestration.sandbox.build import Built, Mode, build_in
from orchestration.sandbox.contracts import print_contracts
from orchestration.sandbox.dbt import CI, write_settings

if TYPE_CHECKING:
    from dataops.differences import Difference

# dbt calls an exposure that is new not modified, and a new ML model is one.
CHANGED = "state:modified+ state:new"
# The layer a person is asked about before a change is merged, where a project has it.
GOLD = "gold"
NO_COLUMN = "none"


def create_sandbox(
    folder: Path | None, name: str, sample: str | None, by: Sequence[str], replace: bool
) -> None:
    """Make a sandbox over the current release and say what it shows and how to use it."""
    project, console = Project.locate(folder), Console()
    if name == CI:
        raise UsageError(f"'{CI}' is what goldloop ci uses", fix="take another name")
    sandboxes = Sandboxes(project.warehouse)
    sandboxes.require_free(name, replace=replace)
    drawn = _sample(project, sample, by)
    release = current(project)
    with Console(stderr=True).status("reading the project"):
        manifests = [Manifest.read(release.manifest), project.manifest]
        sandbox, told = sandboxes.create(name, release, manifests, sample=drawn, replace=replace)
        write_settings(project, sandbox)
    written = f"sandbox {name} reads release {release.id}; what you build is in {sandbox.file}"
    console.print(written, soft_wrap=True, markup=False)
    _print_shown(told, drawn, console)
    console.print(f"next: goldloop sandbox build {name}, goldloop sandbox diff {name}")
    console.print(f"or with your own dbt: source {sandbox.env}", soft_wrap=True)


def list_sandboxes(folder: Path | None, as_json: bool) -> None:
    """List every sandbox: its release, its sample, how much was built in it."""
    project, console = Project.locate(folder), Console()
    found = Sandboxes(project.warehouse).every()
    if as_json:
        console.print_json(json.dumps([_document(sandbox) for sandbox in found]))
        return
    if not found:
        console.print("there is no sandbox\nnext: goldloop sandbox create NAME")
        return
    table = Table(
        Column("sandbox", overflow="fold"), Column("release", overflow="fold"), "made at (UTC)",
        "sample", "bytes", "",
    )  # fmt: skip
    for each in found:
        state = "" if each.is_whole else "half-made: drop it"
        sample = _sampled(each)
        made = each.created_at[:19].replace("T", " ")
        table.add_row(each.name, each.release, made, sample, f"{each.bytes:,}", state)
    console.print(table)
    console.print("next: goldloop sandbox build NAME, diff NAME, drop NAME")


def drop_sandbox(folder: Path | None, name: str) -> None:
    """Remove a sandbox with all that was built in it."""
    Sandboxes(Project.locate(folder).warehouse).drop(name)
    Console().print(f"sandbox {name} is gone; the release it read is as it was")


def build_sandbox(folder: Path | None, name: str, selection: str) -> None:
    """Build ``selection`` in a sandbox: SQL, the ML models it reaches, what reads from them."""
    project, console = Project.locate(folder), Console()
    sandbox = Sandboxes(project.warehouse).find(name)
    built = build(project, sandbox, selection, Mode())
    print_built(built, console)
    console.print(f"next: goldloop sandbox diff {name}")


def diff_sandbox(folder: Path | None, name: str, every_layer: bool, as_json: bool) -> None:
    """Show what the relations built in a sandbox change."""
    from orchestration.differences import document, print_difference

    project, console = Project.locate(folder), Console()
    sandbox = Sandboxes(project.warehouse).find(name)
    with Console(stderr=True).status("comparing"):
        difference = differences(project, sandbox, every_layer)
    if as_json:
        console.print_json(json.dumps(document(difference), default=str))
        return
    then = f"goldloop sandbox build {name} (after another change), goldloop sandbox drop {name}"
    print_difference(difference, console, then=then)
    if sandbox.sample:
        console.print(
            f"[yellow]this sandbox is a sample ({_sampled(sandbox)})[/]: what is summed up over "
            "it, or has no such column, differs from the release for that alone"
        )


def current(project: Project) -> Release:
    """Return the release readers see; raises PipelineError when there is none."""
    release = project.warehouse.current_release()
    if release is None:
        raise PipelineError(
            f"{project.home} has no release yet, and a sandbox reads one", fix="type: goldloop run"
        )
    return release


def build(project: Project, sandbox: Sandbox, selection: str, mode: Mode) -> Built:
    """Build in ``sandbox``, one build at a time, and tell the ledger how it ended."""
    sandboxes = Sandboxes(project.warehouse)
    console = Console(stderr=True)
    with held(sandbox.folder / "lock", f"a build in sandbox {sandbox.name}", wait=0.0):
        try:
            with console.status("starting") as status:
                built = build_in(
                    project, sandbox, selection, mode, lambda text: status.update(f"{text} …")
                )
        except GoldloopError as error:
            sandboxes.built(sandbox, error.problem)
            raise
        sandboxes.built(sandbox, None)
    return built


def differences(project: Project, sandbox: Sandbox, every_layer: bool) -> "Difference":
    """Return what the relations built in ``sandbox`` change, in gold and the predictions only.

    Raises PipelineError when nothing was built in it yet.
    """
    from dataops.differences import primary_keys
    from dataops.sandbox.changes import compare_with_base

    parsed = sandbox.target / MANIFEST
    if not parsed.is_file():
        raise PipelineError(
            f"nothing was built in sandbox '{sandbox.name}' yet, so there is nothing to compare",
            fix=f"type: goldloop sandbox build {sandbox.name}",
        )
    manifest = Manifest.read(parsed)
    release = Manifest.read(sandbox.state / MANIFEST)
    masked = personal_columns(release, manifest)
    keys = primary_keys(manifest, declared_in(project, manifest))
    built = _built(manifest, every_layer)
    return compare_with_base(sandbox, built, keys=keys, masked=masked)


def print_built(built: Built, console: Console) -> None:
    """Say how many nodes dbt built and tested, and what became of each ML model."""
    if not built.nodes and not built.models:
        console.print("nothing differs from the release: nothing was built")
        return
    counts = ", ".join(f"{count} {status}" for status, count in built.nodes.items())
    if counts:
        console.print(f"dbt: {counts}")
    for name, words in built.models.items():
        console.print(words, markup=False)
        for told in built.lineage.get(name, ()):
            console.print(f"  {told}", markup=False)
    print_contracts(built.contracts, console)


def _built(manifest: Manifest, every_layer: bool) -> Collection[Relation]:
    nodes = manifest.raw["nodes"].values()
    relations = {
        Relation(node["schema"], node["alias"])
        for node in nodes
        if node["resource_type"] in REFERABLE
    }
    predictions = {Relation(PREDICTIONS_SCHEMA, each.name) for each in manifest.exposures}
    gold = {relation for relation in relations if relation.schema == GOLD}
    return (relations if every_layer or not gold else gold) | predictions


def _sample(project: Project, text: str | None, by: Sequence[str]) -> Sample | None:
    columns = tuple(by) or project.settings.sandbox.sample_by
    if text is None:
        if by:
            raise UsageError("--by without --sample draws nothing", fix="add: --sample 5%")
        return None
    return Sample.parse(text, () if NO_COLUMN in columns else columns)


def _print_shown(told: Sequence[How], sample: Sample | None, console: Console) -> None:
    if sample:
        drawn = Counter(
            (f"by {how.by}" if how.by else "by row", f"{how.share:.2%}" if how.by else "")
            for how in told
            if how.share is not None
        )
        whole = sum(how.share is None for how in told)
        for (column, share), tables in drawn.items():
            part = f"{share} of the values" if share else sample.text
            console.print(f"drawn {column}: {part}, {tables} tables")
        console.print(f"shown whole, or as the tables are that they read: {whole} relations")
    masked = [f"{how.relation}.{name}" for how in told for name in how.masked]
    if masked:
        console.print(f"masked: {', '.join(masked)}", soft_wrap=True, markup=False)


def _sampled(sandbox: Sandbox) -> str:
    by = f" by {', '.join(sandbox.by)}" if sandbox.by else ""
    return f"{sandbox.sample}{by}" if sandbox.sample else "whole"


def _document(sandbox: Sandbox) -> dict[str, Any]:
    document = {key: value for key, value in vars(sandbox).items() if key != "folder"}
    return document | {"bytes": sandbox.bytes, "is_whole": sandbox.is_whole}
