"""The command line about experiments: what a change of the data is worth."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.releases import AsJson

With = Annotated[
    list[str] | None,
    typer.Option(
        "--with", help="A feature view, view.feature, a column, noise, rows:0.5x or synthetic:2x."
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        "--without", help="A column (stars match), a feature view, view.feature, or label_noise."
    ),
]
Folds = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=50,
        help="Folds of the rows learnt from; 0: judge on those held out. Default: at most 5.",
    ),
]


def experiment(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The ML model.")],
    more: With = None,
    less: Without = None,
    metric: Annotated[
        str | None, typer.Option(help="Default: the first metric of problem.success.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=100, help="Learn each variant with so many seeds.")
    ] = 1,
    folds: Folds = None,
    matters: Annotated[
        float | None,
        typer.Option(min=0, help="The least gain worth having. Default: 1 % of the metric."),
    ] = None,
    as_json: AsJson = False,
    plot: Annotated[Path | None, typer.Option(help="An SVG file for a picture of it.")] = None,
) -> None:
    """Learn a model from changed data, on the same split, and tell what each change is worth."""
    from ml.experiment.asking import Asked
    from ml.experiment.run import Settings
    from orchestration.experiment.commands import show_experiment

    asked, settings = Asked(more or [], less or []), Settings(metric, seeds, folds, matters)
    show_experiment(context.obj, name, asked, settings, as_json, plot)


def register(app: typer.Typer) -> None:
    """Add the command of this module to ``app``."""
    app.command()(experiment)
