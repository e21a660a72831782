"""The command line about sandboxes, and slim CI, which works in one."""

from pathlib import Path
from typing import Annotated

import typer

sandbox = typer.Typer(
    no_args_is_help=True, help="One's own warehouse over a release: create, build, diff, drop."
)

Name = Annotated[str, typer.Argument(help="The sandbox: a to z, 0 to 9, _ and -.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@sandbox.command()
def create(
    context: typer.Context,
    name: Name,
    sample: Annotated[
        str | None, typer.Option(help="A share (5%) or rows (1000). Default: everything.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="Draw whole values of this column, or `none`. Default: goldloop.yml."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Make it anew.")] = False,
) -> None:
    """Make a sandbox over the current release, personal columns masked."""
    from orchestration.sandbox.commands import create_sandbox

    create_sandbox(context.obj, name, sample, by or [], replace)


@sandbox.command("list")
def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """List every sandbox."""
    from orchestration.sandbox.commands import list_sandboxes

    list_sandboxes(context.obj, as_json)


@sandbox.command()
def drop(context: typer.Context, name: Name) -> None:
    """Remove a sandbox."""
    from orchestration.sandbox.commands import drop_sandbox

    drop_sandbox(context.obj, name)


@sandbox.command()
def build(
    context: typer.Context,
    name: Name,
    select: Annotated[str, typer.Option(help="What dbt selects.")] = "state:modified+ state:new",
) -> None:
    """Build what changed in a sandbox, ML models included."""
    from orchestration.sandbox.commands import build_sandbox

    build_sandbox(context.obj, name, select)


@sandbox.command()
def diff(
    context: typer.Context,
    name: Name,
    every_layer: Annotated[
        bool, typer.Option("--all", help="Every layer. Default: gold and predictions.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a sandbox's build changes against the release."""
    from orchestration.sandbox.commands import diff_sandbox

    diff_sandbox(context.obj, name, every_layer, as_json)


def ci(
    context: typer.Context,
    state: Annotated[
        Path | None,
        typer.Option(help="Folder of the manifest to compare with. Default: the release's."),
    ] = None,
) -> None:
    """Smoke-test everything on a small sample, then build and test what changed."""
    from orchestration.sandbox.slim_ci import run_ci

    run_ci(context.obj, state)


def register(app: typer.Typer) -> None:
    """Add the commands of this module to ``app``."""
    app.add_typer(sandbox, name="sandbox")
    app.command()(ci)
