"""The command line. It loads what a command needs when it runs, so that ``--help`` is quick."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ml.errors import GoldloopError
from orchestration.cli import (
    experiment,
    features,
    lineage,
    models,
    new,
    releases,
    sandbox,
    synthetic,
    why,
)
from orchestration.models import reproduce

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="SQL models and ML models in one dbt graph: land, build, train, score, release.",
)
models.register(app)
reproduce.register(models.models)
why.register(models.models)
releases.register(app)
sandbox.register(app)
features.register(app)
new.register(app)
experiment.register(app)
synthetic.register(app)
lineage.register(app)

Landing = Annotated[
    Path | None,
    typer.Option("--landing", help="Folder the files land in. Default: <project>/landing."),
]
Wait = Annotated[
    float | None,
    typer.Option(help="Minutes to wait for the run before this one. Default: goldloop.yml, or 10."),
]
Names = Annotated[list[str] | None, typer.Argument(help="ML models; all when none is named.")]


@app.callback()
def choose_project(
    context: typer.Context,
    project_dir: Annotated[
        Path | None, typer.Option("--project-dir", help="The dbt project. Default: this folder.")
    ] = None,
) -> None:
    """Keep the folder for the command; each command looks it up when it needs it."""
    context.obj = project_dir


@app.command()
def simulate(
    context: typer.Context,
    days: Annotated[int, typer.Option(help="Days of history.")] = 365,
    customers: Annotated[int, typer.Option(help="Customers at the end of it.")] = 5000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    dirt: Annotated[float, typer.Option(help="Share of records to spoil, 0 to 0.5.")] = 0.01,
    landing: Landing = None,
) -> None:
    """Write the files that the upstream systems of the example business deliver."""
    from orchestration.run.commands import simulate_files

    simulate_files(context.obj, landing, days=days, customers=customers, seed=seed, dirt=dirt)


@app.command()
def ingest(
    context: typer.Context,
    landing: Landing = None,
    again: Annotated[
        str | None, typer.Option(help="Load files that match this pattern once more.")
    ] = None,
    wait: Wait = None,
) -> None:
    """Load the files that have landed since the last run."""
    from orchestration.run.commands import run_landing

    run_landing(context.obj, landing, again, wait)


@app.command()
def run(context: typer.Context, landing: Landing = None, wait: Wait = None) -> None:
    """Run the whole loop: land, build, train, score, build on, publish."""
    from orchestration.run.commands import run_loop

    run_loop(context.obj, landing, wait)


@app.command()
def train(context: typer.Context, names: Names = None, wait: Wait = None) -> None:
    """Train ML models on gold as it stands in the current release."""
    from orchestration.run.commands import run_models

    run_models(context.obj, names or [], "ml", wait)


@app.command()
def score(context: typer.Context, names: Names = None, wait: Wait = None) -> None:
    """Score with the champions, into predictions.<model>."""
    from orchestration.run.commands import run_models

    run_models(context.obj, names or [], "predictions", wait)


@app.command()
def ui(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000,
    landing: Landing = None,
) -> None:
    """Open the asset graph, its runs and its checks in Dagster, on this machine only."""
    from orchestration.run.commands import open_ui

    open_ui(context.obj, landing, port)


def main() -> None:
    """Run the command line: 0 done, 1 a pipeline or a check failed, 2 wrong use."""
    try:
        app()
    except GoldloopError as error:
        typer.secho(f"error: {error}", fg="red", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
