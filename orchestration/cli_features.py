"""The command line about features: the macros in a project, the features of one entity."""

from typing import Annotated

import typer

from orchestration.cli_releases import AsJson

features = typer.Typer(
    no_args_is_help=True,
    help="Features right in time: get those of one entity, install the macros.",
)


@features.command()
def get(
    context: typer.Context,
    entity: Annotated[list[str], typer.Option(help="KEY=VALUE; once for each key of the entity.")],
    as_of: Annotated[
        str | None, typer.Option(help="As known at this date or time, UTC. Default: now.")
    ] = None,
    view: Annotated[
        list[str] | None, typer.Option(help="A feature view. Default: all of the entity.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the features of one entity from the current release, as training reads them."""
    from orchestration import features as commands

    commands.get(context.obj, entity, as_of, view or [], as_json)


@features.command()
def install(context: typer.Context) -> None:
    """Write the macros training_set and feature_snapshot into the project, or renew them."""
    from orchestration import features as commands

    commands.install(context.obj)


def register(app: typer.Typer) -> None:
    """Add the commands of this module to ``app``."""
    app.add_typer(features, name="features")
