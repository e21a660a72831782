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


class Score(Part):
    """What the champion scores."""

    on: Column = Field(
        description="The dbt model to score; it has the key, the time, the features."
    )
    key: Columns = Field(description="The columns that name a prediction.")
    time: Column = Field(description="The date or timestamp that becomes `as_of_date`.")
    incremental: bool = Field(
        False, description="Whether only rows are scored that are new or have changed."
    )
    explain: Explain | None = Field(None, description="What made each score, written beside it.")
