"""``problem``: the question, the decision, and when a version is good enough."""

from typing import Annotated, Literal

from pydantic import Field

from ml.declaration.part import Column, Part, Text


class Criterion(Part):
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
    judge: Literal["bound", "value"] = Field(
        "bound",
        description="What is held against the criterion: `bound` is the end of the 95 % interval "
        "that speaks against the version, `value` the metric itself.",
    )


class Champion(Part):
    """When a version that meets every criterion takes the champion's place."""

    rule: Literal["not_worse", "better", "manual"] = Field(
        "not_worse",
        description="`not_worse`: unless it is worse on the same rows, beyond chance; `better`: "
        "only if it is better, beyond chance; `manual`: by `goldloop models promote`. One that "
        "waits is `challenger` and scores in shadow.",
    )
    metric: Text | None = Field(
        None, description="The metric compared; the first of `problem.success` unless given."
    )


class Problem(Part):
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
    champion: Champion = Field(
        Champion(), description="When a version that is good enough becomes the champion."
    )
