"""An ML model as declared: the exposure's ``config.meta.ml``, parsed, typed and frozen."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    model_validator,
)

from ml.measures import MEASURES, Task
from ml.refusals import explain, refusal
from ml.rules import broken_rules

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Column = Annotated[str, StringConstraints(min_length=1)]
Columns = Annotated[tuple[Column, ...], Field(min_length=1, strict=False)]
Frozen = Annotated[
    Mapping[str, JsonValue],
    AfterValidator(lambda params: MappingProxyType(dict(params))),
    PlainSerializer(dict),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _read_on_as_a_word(cls, declared: Any) -> Any:
        # YAML 1.1, which dbt reads, takes the bare word `on` for the truth value.
        if "on" not in cls.model_fields or not isinstance(declared, Mapping):
            return declared
        return {"on" if key in (True, "true") else key: value for key, value in declared.items()}


class Criterion(_Part):
    """One condition of success; exactly one of the three bounds is given."""

    metric: Text = Field(description="The metric that is judged on the hold-out.")
    at_least: float | None = Field(
        None, description="Passes when the metric is this much or more; for metrics to be raised."
    )
    at_most: float | None = Field(
        None, description="Passes when the metric is this much or less (a high one may be a leak)."
    )
    beats_baseline_by: float | None = Field(
        None, description="Passes when the metric is better than the baseline's by this much."
    )


class Problem(_Part):
    """Why the model exists and when it is good enough."""

    question: Text = Field(description="What the model answers, in words.")
    decision: Text = Field(description="What is decided with the answer, in words.")
    baseline: Column = Field(
        "prior",
        description="What must be beaten: `prior` (class shares, or the mean) or a feature used "
        "as the score; a leading `-` says that lower is more likely.",
    )
    success: Annotated[tuple[Criterion, ...], Field(min_length=1, strict=False)] = Field(
        description="The criteria; a version that misses one is kept as `rejected`."
    )


class Split(_Part):
    """Which rows are held out to judge on."""

    by: Literal["time", "random"] = Field(
        "time",
        description="`time` holds out the latest whole time values; `random` draws rows by seed, "
        "with the classes in equal shares.",
    )
    test: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="The share of rows held out, above 0 and below 1."
    )


class _OnPart(_Part):
    """A part with a key ``on``, which YAML 1.1 reads as the boolean true unless it is quoted."""

    on: Column = Field(description="")

    @model_validator(mode="before")
    @classmethod
    def _on_is_a_name(cls, met: Any) -> Any:
        if not isinstance(met, Mapping) or "on" in met:
            return met
        return {"on" if key in (True, "true") else key: value for key, value in met.items()}


class Train(_OnPart):
    """What the model learns from."""

    on: Column = Field(description="The dbt model that holds the training set.")
    label: Column = Field(description="The column to predict.")
    key: Columns = Field(description="The columns that name a row; with `time` they are unique.")
    time: Column | None = Field(
        None, description="The date or timestamp a row is as of; needed to split by time."
    )
    split: Split = Field(Split(by="time", test=0.2), description="Which rows are held out.")


class Estimator(_Part):
    """What is fitted."""

    preset: Literal["boosted_trees", "logistic_regression", "text_classifier"] = Field(
        description="The kind of estimator."
    )
    params: Frozen = Field(
        default_factory=lambda: MappingProxyType({}),
        description="Parameters of the preset, by scikit-learn's names.",
    )
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(
        0, description="Seeds the split, the estimator and the intervals."
    )


class Score(_OnPart):
    """What the champion scores."""

    on: Column = Field(
        description="The dbt model to score; it has the key, the time, the features."
    )
    key: Columns = Field(description="The columns that name a prediction.")
    time: Column = Field(description="The date or timestamp that becomes `as_of_date`.")


class Declaration(_Part):
    """What stands under ``config.meta.ml``."""

    problem: Problem = Field(description="The question, the decision, and when it is good enough.")
    train: Train = Field(description="The training set.")
    estimator: Estimator = Field(description="What is fitted.")
    score: Score = Field(description="What is scored.")

    @property
    def task(self) -> Task:
        """What is learnt; the metrics of ``problem.success`` say which."""
        return MEASURES[self.problem.success[0].metric].task


class ModelSpec(Declaration):
    """A declaration with the name of its exposure and the file it stands in."""

    name: str
    file: str


def parse_spec(name: str, meta: Mapping[str, Any], *, file: str) -> ModelSpec:
    """Return the declaration of model ``name`` that stands in ``file`` as ``meta``.

    Raises UsageError naming each key or value that is not allowed, with what is.
    """
    try:
        declared = Declaration.model_validate(dict(meta))
    except ValidationError as error:
        raise refusal(name, file, explain(error, Declaration)) from None
    broken = broken_rules(declared)
    if broken:
        raise refusal(name, file, broken)
    parts = {part: getattr(declared, part) for part in Declaration.model_fields}
    return ModelSpec(name=name, file=file, **parts)
