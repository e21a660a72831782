"""The command line about features: the macros in a project, the features of one entity."""

from typing import Annotated

import typer

from orchestration.cli.releases import AsJson

features = typer.Typer(
    no_args_is_help=True,
    help="Features right in time: list, search and show them, get those of one entity.",
)
Window = Annotated[
    str, typer.Option(help="Drift compares the newest stretch of this length with the one before.")
]


@features.command("list")
def list_all(
    context: typer.Context,
    window: Window = "30 days",
    duplicates: Annotated[
        bool, typer.Option("--duplicates", help="Only pairs with nearly the same values.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List every feature: owner, freshness, null share, drift, the models that use it."""
    from orchestration.features.listing import list_duplicates, list_features

    if duplicates:
        list_duplicates(context.obj, as_json)
    else:
        list_features(context.obj, window, as_json)


@features.command()
def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help="Words of the name or the description.")],
    as_json: AsJson = False,
) -> None:
    """Find features by words of their name or description; slips of typing are forgiven."""
    from orchestration.features.listing import search_features

    search_features(context.obj, words, as_json)


@features.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="VIEW, VIEW.FEATURE or FEATURE.")],
    window: Window = "30 days",
    as_json: AsJson = False,
) -> None:
    """Show a feature: what it says, how new and full it is, who uses it, what is like it."""
    from orchestration.features.page import show_feature

    show_feature(context.obj, name, window, as_json)


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
    from orchestration.features import commands

    commands.get(context.obj, entity, as_of, view or [], as_json)


@features.command()
def install(context: typer.Context) -> None:
    """Write the macros training_set and feature_snapshot into the project, or renew them."""
    from orchestration.features import commands

    commands.install(context.obj)


def register(app: typer.Typer) -> None:
    """Add the commands of this module to ``app``."""
    app.add_typer(features, name="features")
