"""``train``: the rows learnt from, the rows held out, the features."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainSerializer

from ml.declaration.part import Column, Columns, MaybeColumns, Part, Text, nothing

Transform = Annotated[
    Mapping[Column, Text],
    AfterValidator(lambda given: MappingProxyType(dict(given))),
    PlainSerializer(dict),
]

# Any column by the reason that is given for it.
Reasons = Transform


class Split(Part):
    """Which rows are held out to judge on."""

    by: Literal["time", "random", "column", "none"] = Field(
        "time",
        description="`time` holds out the latest whole time values; `random` draws rows by seed, "
        "with the classes in equal shares; `column` holds out where `column` is true or `test`; "
        "`none` holds nothing out: the version is judged by cross-validation.",
    )
    test: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="The share of rows held out, above 0 and below 1; by time or at random."
    )
    group: MaybeColumns = Field(
        (),
        description="Columns whose equal values stay together, held out or in one fold; with "
        "`random` and `none`.",
    )
    column: Column | None = Field(
        None, description="The column that says which rows are held out; it is no feature."
    )
    embargo_days: Annotated[int, Field(ge=0)] = Field(
        0,
        description="Days before the first time held out whose rows are left out, because their "
        "labels reach into it; by time only.",
    )


class Features(Part):
    """Which columns of the training set are features."""

    include: MaybeColumns = Field((), description="The only features; all columns unless given.")
    exclude: MaybeColumns = Field((), description="Columns that are no features.")


class Validate(Part):
    """Cross-validation on the rows learnt from."""

    folds: Annotated[int, Field(ge=2, le=50)] = Field(
        5, description="How many folds; by time each is judged by what came before it."
    )


class LeakGuard(Part):
    """What of the features training takes for a leak of the label, and what it is told is none."""

    implausible: Annotated[float, Field(gt=0.5, le=1)] = Field(
        0.99,
        description="A feature that by itself tells the label so well is refused: its ROC AUC, for "
        "a number its rank correlation, at the lower end of the 95 % interval.",
    )
    allow: Reasons = Field(
        default_factory=nothing,
        description="Features that may tell so much, each with why it is known in time.",
    )
    future: MaybeColumns = Field(
        (),
        description="Dates and timestamps that may lie after `time`, such as a due date, when SQL "
        "in `transform` reads them.",
    )


class Series(Part):
    """How rows make series, and what is forecast of each."""

    every: Literal["minute", "hour", "day", "week", "month", "quarter", "year"] = Field(
        description="The step from one value to the next; months and longer by the calendar."
    )
    horizon: Annotated[int, Field(ge=1, le=10_000)] = Field(
        description="How many steps are forecast."
    )
    windows: Annotated[int, Field(ge=1, le=1_000)] = Field(
        4,
        description="How many times the last horizon of each series is held out, each time one "
        "horizon earlier and told from what came before it.",
    )
    level: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.95, description="The probability with which the truth lies between `low` and `high`."
    )
    gaps: Literal["interpolate", "zero", "last", "refuse"] = Field(
        "interpolate",
        description="What stands at a step without a value: the line between its neighbours, 0, "
        "the value before, or that the series is not forecast.",
    )
    history: Annotated[int, Field(ge=2)] | None = Field(
        None, description="How many of the last steps are learnt from; all unless given."
    )


class Train(Part):
    """What the model learns from."""

    on: Column = Field(description="The dbt model that holds the training set.")
    label: Column | None = Field(
        None,
        description="The column to predict; needed where one is learnt. Of a forecast it is the "
        "value of a series. Of an anomaly detection it "
        "is what the scores are judged by, and no feature.",
    )
    key: Columns = Field(description="The columns that name a row; with `time` they are unique.")
    time: Column | None = Field(
        None, description="The date or timestamp a row is as of; needed to split by time."
    )
    known: MaybeColumns = Field(
        (),
        description="Dates or timestamps at which the values of a row were known: none is after "
        "`time`. They are no features.",
    )
    item: Column | None = Field(
        None, description="Of a recommendation: the column of the key that is the item."
    )
    rating: Column | None = Field(
        None,
        description="Of a recommendation: how much the user likes the item; without it that a row "
        "is there says so.",
    )
    series: Series | None = Field(
        None, description="Of a forecast: how rows make series, and what is forecast of each."
    )
    split: Split = Field(Split(), description="Which rows are held out.")
    synthetic: Column | None = Field(
        None,
        description="The boolean column that is true in made-up rows: they are learnt from and "
        "never judge. It is no feature.",
    )
    features: Features = Field(Features(), description="Which columns are features.")
    transform: Transform = Field(
        default_factory=nothing,
        description="Features made by SQL from the columns of a row, name by expression; kept "
        "with the version and applied at scoring.",
    )
    validate_: Validate | None = Field(
        None, alias="validate", description="Cross-validation on the rows learnt from."
    )
    leak_guard: LeakGuard = Field(
        default_factory=LeakGuard,
        description="What is taken for a leak of the label, and what is not.",
    )
