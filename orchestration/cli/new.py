"""The command line that writes files to go on from: a feature, an ML model."""

from pathlib import Path
from typing import Annotated

import typer

new = typer.Typer(
    no_args_is_help=True, help="Write a feature or an ML model: SQL, YAML, contract, unit test."
)
Owner = Annotated[str | None, typer.Option(help="Who answers for it.")]
Folder = Annotated[Path | None, typer.Option("--folder", help="Where the files go.")]


@new.command()
def feature(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The feature's name; its model is ftr_NAME.")],
    entity: Annotated[list[str], typer.Option(help="Column that names what it is about.")],
    source: Annotated[str, typer.Option("--from", help="The model whose rows are taken.")],
    time: Annotated[str, typer.Option(help="Its column that says when a row happened.")],
    known: Annotated[
        str | None,
        typer.Option(help="Its column that says when a row was known. Default: _delivered_at."),
    ] = None,
    aggregate: Annotated[
        str, typer.Option(help="count, or count_distinct, sum, avg, min, max with :COLUMN.")
    ] = "count",
    window: Annotated[str, typer.Option(help="How long before, or: unlimited.")] = "30 days",
    at: Annotated[
        str | None,
        typer.Option(
            help="MODEL.COLUMN of the moments values are as of. Default: as the other views of "
            "the entity, or each day after one with a row."
        ),
    ] = None,
    ttl: Annotated[
        str | None, typer.Option(help="How old a value may be. Default: 0 days, or 1 day.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="What the feature says.")] = None,
    owner: Owner = None,
    into: Annotated[
        str | None, typer.Option(help="A model with training_set that gets the feature, too.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Write a feature view with its YAML, unit test and contract; say which features are near."""
    from dataops.scaffold.resolve import Typed
    from orchestration.features.new import new_feature

    typed = Typed(name, entity, source, time, known, aggregate, window, at, ttl, owner, description)
    new_feature(context.obj, typed, into, folder)


@new.command()
def model(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The ML model's name.")],
    on: Annotated[str, typer.Option(help="The dbt model to learn from.")],
    key: Annotated[
        list[str],
        typer.Option(help="Column that names a row, a user or a series; once for each."),
    ],
    time: Annotated[str, typer.Option(help="The column that says what a row is as of.")],
    score_on: Annotated[str, typer.Option(help="The dbt model to score.")],
    preset: Annotated[
        str | None, typer.Option(help="The kind of model, docs/ml.md. Default: boosted_trees.")
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(help="Column to predict, or of a forecast its values; for kinds that have."),
    ] = None,
    item: Annotated[
        str | None, typer.Option(help="Of a recommender: the column of what is recommended.")
    ] = None,
    rating: Annotated[
        str | None, typer.Option(help="Of a recommender: how much it is liked, if that is told.")
    ] = None,
    every: Annotated[
        str | None, typer.Option(help="Of a forecast: the step from value to value, such as day.")
    ] = None,
    horizon: Annotated[
        int | None, typer.Option(help="Of a forecast: how many steps are told.")
    ] = None,
    score_time: Annotated[
        str | None, typer.Option(help="The time in the model to score. Default: as --time.")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="What judges it. Default: by the kind of model.")
    ] = None,
    question: Annotated[str | None, typer.Option(help="What it answers, in words.")] = None,
    decision: Annotated[str | None, typer.Option(help="What is decided with the answer.")] = None,
    owner: Owner = None,
    email: Annotated[str | None, typer.Option(help="Where to reach the owner.")] = None,
) -> None:
    """Write a model: declaration, predictions' source and SQL model, unit test, contract."""
    from dataops.scaffold.model_resolve import TypedModel
    from orchestration.models.new import new_model

    typed = TypedModel(
        name, on, key, time, score_on, score_time, preset, metric, label, item, rating, every,
        horizon, question, decision, owner, email,
    )  # fmt: skip
    new_model(context.obj, typed)


def register(app: typer.Typer) -> None:
    """Add the commands of this module to ``app``."""
    app.add_typer(new, name="new")
