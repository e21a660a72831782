"""The command line about made-up rows."""

from pathlib import Path
from typing import Annotated

import typer

from ml.errors import UsageError
from ml.synthetic.declaration import LEAST_MADE, MOST_MADE
from orchestration.cli.releases import AsJson

Names = Annotated[list[str] | None, typer.Argument(help="Synthetic sets; all when none is named.")]


def synthetic(
    context: typer.Context,
    names: Names = None,
    report: Annotated[
        bool, typer.Option("--report", help="Show what is published; make nothing.")
    ] = False,
    rows: Annotated[
        int | None,
        typer.Option(
            min=LEAST_MADE,
            max=MOST_MADE,
            help="Make so many rows this time, rather than as many as are declared.",
        ),
    ] = None,
    as_json: AsJson = False,
    plot: Annotated[
        Path | None, typer.Option(help="An SVG file for a picture of the report of one set.")
    ] = None,
    wait: Annotated[
        float | None, typer.Option(help="Minutes to wait for the run before this one.")
    ] = None,
) -> None:
    """Make the rows of synthetic sets, and tell how like, how useful and how private they are."""
    from orchestration.synthetic.commands import check_plot, make_sets, show_sets

    if report and rows:
        raise UsageError(
            f"--rows is {rows}, but --report makes nothing; allowed: one of them",
            fix="leave one of them out",
        )
    check_plot(context.obj, names or [], plot)
    if not report:
        make_sets(context.obj, names or [], rows, wait)
    show_sets(context.obj, names or [], as_json, plot)


def register(app: typer.Typer) -> None:
    """Add the command of this module to ``app``."""
    app.command()(synthetic)
