"""``goldloop models reproduce NAME@7``: a version trained again from the release that has it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ml.errors import PipelineError, UsageError
from ml.names import listed

if TYPE_CHECKING:
    from dataops.warehouse import Release
    from ml.versions.registry import ModelVersion
    from ml.versions.reproduce import Reproduction
    from orchestration.project import Project


def reproduce_model(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="The model and its version: NAME@7.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard output.")
    ] = False,
) -> None:
    """Train one version again from the release that has its data, and compare what comes out."""
    from rich.console import Console

    folder: Path | None = context.obj
    console = Console(soft_wrap=True)
    result, release = _reproduced(folder, version)
    if as_json:
        document = asdict(result) | {"release": release, "reproduced": result.reproduced}
        console.print_json(json.dumps(document))
    else:
        console.print(_told(result, release))
    if not result.reproduced:
        raise typer.Exit(1)


def register(models: typer.Typer) -> None:
    """Add the command of this module to ``models``."""
    models.command("reproduce")(reproduce_model)


def _reproduced(folder: Path | None, text: str) -> tuple[Reproduction, str]:
    import duckdb
    from rich.console import Console

    from ml.versions.reproduce import declared, reproduce
    from orchestration.project import Project

    project = Project.locate(folder)
    version = _version(project, text)
    release = _trained_in(project, version)
    folder, trust = project.folder, project.settings.ml.trust
    relations = {declared(version, folder, trust).train.on: version.learnt_from}
    with (
        duckdb.connect(str(release.file), read_only=True) as connection,
        Console(stderr=True).status(f"training {version.name} again") as status,
    ):
        connection.execute("set TimeZone = 'UTC'")
        made = reproduce(connection, version, relations, status.update, folder=folder, trust=trust)
        return made, release.id


def _version(project: Project, text: str) -> ModelVersion:
    """Return the version that ``text`` names, as the current release has it."""
    from ml.versions import registry

    with project.warehouse.read() as connection:
        every = registry.versions(connection)
    found = [each for each in every if each.name == text]
    if not found or not re.fullmatch(r".+@\d+", text):
        raise UsageError(
            f"'{text}' is no version of an ML model in release {project.warehouse.release}; "
            f"there are: {listed(text, [each.name for each in every])}",
            fix="type: goldloop models",
        )
    return found[0]


def _trained_in(project: Project, version: ModelVersion) -> Release:
    """Return the release that the run published in which ``version`` was trained."""
    found = [each for each in project.warehouse.releases() if each.run == version.run_id]
    if not found:
        raise PipelineError(
            f"the release that run {version.run_id} published is gone, and with it the training "
            f"set of {version.name} as it was; only a release that is kept can be trained from "
            "again",
            fix="keep the release of a version that matters while it is there: goldloop releases, "
            "then: goldloop releases keep ID",
        )
    found[0].require_whole()
    return found[0]


def _told(result: Reproduction, release: str) -> str:
    """Return what came of it in a few lines."""
    lines = [f"{result.version}, trained again on {result.rows:,} rows of release {release}:"]
    if not result.same_data:
        lines[0] = f"{result.version} was not trained again from release {release}:"
    elif result.same_bytes:
        lines.append("the same version, to the byte")
    elif result.largest_difference is not None:
        lines.append(
            "other bytes; the largest difference of what both tell of any row is "
            f"{result.largest_difference:.3g}"
        )
    else:
        lines.append("other bytes, and the kept artifact cannot be read to compare predictions")
    lines += [result.why] if result.why else []
    lines += [
        f"{name} was {then or 'not there'}, is {now or 'not there'}"
        for name, (then, now) in result.libraries.items()
    ]
    return "\n".join(lines)
