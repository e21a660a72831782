"""The command line about releases: list, compare, go back, keep, remove, status, doctor."""

from typing import Annotated

import typer

releases = typer.Typer(no_args_is_help=False, help="The releases: list, diff, keep, prune.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Id = Annotated[str, typer.Argument(help="A release, or the beginning of its id.")]


@releases.callback(invoke_without_command=True)
def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """List every release: when, from which commit, checks, models, rows and their change."""
    if context.invoked_subcommand is None:
        from orchestration.releases import list_releases

        list_releases(context.obj, as_json)


@releases.command()
def diff(context: typer.Context, old: Id, new: Id, as_json: AsJson = False) -> None:
    """Show what differs between two releases: columns, rows by key, models and their metrics."""
    from orchestration.releases import compare_releases

    compare_releases(context.obj, old, new, as_json)


@releases.command()
def keep(
    context: typer.Context,
    release: Id,
    why: Annotated[str, typer.Option(help="Why it is kept.")] = "kept by hand",
) -> None:
    """Keep a release whatever its age."""
    from orchestration.releases import keep_release

    keep_release(context.obj, release, why)


@releases.command()
def unkeep(context: typer.Context, release: Id) -> None:
    """Let a kept release be pruned like any other."""
    from orchestration.releases import unkeep_release

    unkeep_release(context.obj, release)


@releases.command()
def prune(
    context: typer.Context,
    last: Annotated[int | None, typer.Option(help="How many stay. Default: goldloop.yml.")] = None,
) -> None:
    """Remove all but the last releases; the current, the kept and those in use stay."""
    from orchestration.releases import prune_releases

    prune_releases(context.obj, last)


def rollback(
    context: typer.Context,
    to: Annotated[str | None, typer.Option(help="A release. Default: the one before.")] = None,
) -> None:
    """Let readers see an earlier release, at once; the ledger remembers it."""
    from orchestration.releases import roll_back

    roll_back(context.obj, to)


def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Tell what readers see, how old it is, and why it is not newer."""
    from orchestration.releases import show_status

    show_status(context.obj, as_json)


def doctor(
    context: typer.Context,
    deep: Annotated[bool, typer.Option("--deep", help="Compare each file's checksum.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look for what is wrong with the warehouse folder, and say what to do."""
    from orchestration.releases import diagnose

    diagnose(context.obj, deep, as_json)


def register(app: typer.Typer) -> None:
    """Add the commands of this module to ``app``."""
    app.add_typer(releases, name="releases")
    for command in (rollback, status, doctor):
        app.command()(command)
