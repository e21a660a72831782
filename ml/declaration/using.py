"""``evaluate`` and ``score``: what is reported of a version, and what it scores."""

from typing import Annotated

from pydantic import Field

from ml.declaration.part import Column, Columns, MaybeColumns, Part


class Evaluate(Part):
    """What is reported of each version besides its metrics."""

    segments: MaybeColumns = Field(
        (), description="Columns of the training set for whose values metrics are told apart."
    )
    dependence: MaybeColumns = Field(
        (),
        description="Features whose partial dependence is worked out; the five most important "
        "ones unless given.",
    )


class Explain(Part):
    """What made each score."""

    top: Annotated[int, Field(ge=1, le=10)] = Field(
        3, description="How many features are named beside each prediction."
    )


class AsFeature(Part):
    """Predictions that may be features of other models."""

    folds: Annotated[int, Field(ge=2, le=50)] = Field(
        5,
        description="How many earlier models there are: the rows learnt from are cut by time into "
        "one part more, and each but the first is told by a model of what came before it.",
    )


class Score(Part):
    """What the champion scores."""

    on: Column = Field(
        description="The dbt model to score; it has the key, the time, the features."
    )
    key: Columns = Field(description="The columns that name a prediction.")
    time: Column = Field(description="The date or timestamp that becomes `as_of_date`.")
    top: Annotated[int, Field(ge=1, le=1_000)] = Field(
        10, description="Of a recommendation: how many items each user is shown."
    )
    incremental: bool = Field(
        False, description="Whether only rows are scored that are new or have changed."
    )
    explain: Explain | None = Field(None, description="What made each score, written beside it.")
    as_feature: AsFeature | None = Field(
        None,
        description="Beside each prediction one that may be a feature of another model: told by "
        "what has learnt from earlier rows alone.",
    )
