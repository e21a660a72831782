"""The command line about ML models: their versions, what these are worth, which one scores."""

from typing import Annotated

import typer

models = typer.Typer(
    no_args_is_help=False,
    help="The ML models: list, show, compare; promote, retire, rollback.",
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Name = Annotated[str, typer.Argument(help="The ML model.")]
Version = Annotated[str, typer.Argument(help="A version, NAME@7.")]
Why = Annotated[str | None, typer.Option(help="Why; it is recorded.")]


@models.callback(invoke_without_command=True)
def list_by_default(context: typer.Context, as_json: AsJson = False) -> None:
    """List every version of every ML model; name one for its metrics: models show NAME."""
    if context.invoked_subcommand is None:
        list_all(context, as_json)


@models.command("list")
def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """List every version of every ML model."""
    from orchestration.models.listing import list_versions

    list_versions(context.obj, as_json)


@models.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The ML model, or one version of it: NAME@7.")],
    as_json: AsJson = False,
) -> None:
    """Show what a version is worth, where, by which features, and what was decided of it."""
    from orchestration.models.page import show_version

    show_version(context.obj, name, as_json)


@models.command()
def health(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The ML model; all without one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how models are since they score: drift, skew, performance; 1 where there is an alarm."""
    from orchestration.models.health import show_health

    show_health(context.obj, name, as_json)


@models.command()
def compare(context: typer.Context, one: Version, other: Version, as_json: AsJson = False) -> None:
    """Compare two versions on the rows that the newer one held out."""
    from orchestration.models.comparison import compare_two

    compare_two(context.obj, one, other, as_json)


@models.command()
def promote(
    context: typer.Context,
    version: Annotated[str, typer.Argument(help="A version, NAME@7; of NAME, the challenger.")],
    why: Why = None,
) -> None:
    """Make a version the champion, in a release of its own."""
    from orchestration.models.changes import promote_version

    promote_version(context.obj, version, why)


@models.command()
def retire(context: typer.Context, version: Version, why: Why = None) -> None:
    """Take a champion or a challenger out of use, in a release of its own."""
    from orchestration.models.changes import retire_version

    retire_version(context.obj, version, why)


@models.command()
def rollback(context: typer.Context, name: Name, why: Why = None) -> None:
    """Make the champion before the present one champion again, in a release of its own."""
    from orchestration.models.changes import roll_back_model

    roll_back_model(context.obj, name, why)


@models.command()
def install(context: typer.Context) -> None:
    """Write the macros ml_predict, ml_evaluate and so on into the project, or renew them."""
    from orchestration.models.install import install_models

    install_models(context.obj)


def register(app: typer.Typer) -> None:
    """Add the commands of this module to ``app``."""
    app.add_typer(models, name="models")
