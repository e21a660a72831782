"""The command line about lineage: what a column comes from, and what comes from it."""

from typing import Annotated

import typer

from orchestration.cli.releases import AsJson


def lineage(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="LAYER.RELATION or LAYER.RELATION.COLUMN.")],
    up: Annotated[bool, typer.Option("--up", help="What it comes from. The default.")] = False,
    down: Annotated[bool, typer.Option("--down", help="What comes from it.")] = False,
    depth: Annotated[
        int | None, typer.Option(min=1, help="How many relations far. Default: all the way.")
    ] = None,
    influences: Annotated[
        bool,
        typer.Option("--influences", help="Conditions, joins and groups too, not values alone."),
    ] = False,
    unresolved: Annotated[
        bool, typer.Option("--unresolved", help="List each column that is not resolved, and why.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Walk column lineage through SQL and ML models, in the current release."""
    from orchestration.lineage import Asked, show_lineage

    asked = Asked(name, up or not down, down, depth, influences, unresolved)
    show_lineage(context.obj, asked, as_json)


def register(app: typer.Typer) -> None:
    """Add the command of this module to ``app``."""
    app.command()(lineage)
