"""The command line about made-up rows."""

from typing import Annotated

import typer

from orchestration.cli.releases import AsJson

Names = Annotated[list[str] | None, typer.Argument(help="Synthetic sets; all when none is named.")]


def synthetic(
    context: typer.Context,
    names: Names = None,
    report: Annotated[
        bool, typer.Option("--report", help="Show what is published; make nothing.")
    ] = False,
    as_json: AsJson = False,
    wait: Annotated[
        float | None, typer.Option(help="Minutes to wait for the run before this one.")
    ] = None,
) -> None:
    """Make the rows of synthetic sets, and tell how like, how useful and how private they are."""
    from orchestration.synthetic.commands import make_sets, show_sets

    if not report:
        make_sets(context.obj, names or [], wait)
    show_sets(context.obj, names or [], as_json)


def register(app: typer.Typer) -> None:
    """Add the command of this module to ``app``."""
    app.command()(synthetic)
