"""``estimator`` and ``tune``: what is fitted, how its parameters are found, how it decides."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    PlainSerializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ml.declaration.imported import Inputs, Outputs
from ml.declaration.part import Column, Frozen, Part, Text, nothing

Preset = Literal[
    "auto_arima",
    "auto_ets",
    "auto_theta",
    "boosted_trees",
    "image_classifier",
    "isolation_forest",
    "k_means",
    "linear_regression",
    "logistic_regression",
    "matrix_factorization",
    "mlp",
    "mstl",
    "pca",
    "random_forest",
    "seasonal_naive",
    "text_classifier",
]


def _weights(given: Any) -> str | Mapping[str, float]:
    """Take `balanced`, or a weight above 0 for each class named."""
    if given == "balanced":
        return "balanced"
    if isinstance(given, Mapping) and given and all(map(_weight, given.values())):
        return MappingProxyType({str(name): float(weight) for name, weight in given.items()})
    raise PydanticCustomError(
        "class_weight", "allowed: 'balanced', or a weight above 0 for each class named"
    )


def _weight(given: Any) -> bool:
    return type(given) in (int, float) and 0 < given < float("inf")


Weights = Annotated[
    str | Mapping[str, float],
    BeforeValidator(_weights),
    PlainSerializer(lambda given: given if given == "balanced" else dict(given)),
]
Monotonic = Annotated[
    Mapping[Column, Literal["increasing", "decreasing"]],
    AfterValidator(lambda given: MappingProxyType(dict(given))),
    PlainSerializer(dict),
]


class Calibrate(Part):
    """How scores become probabilities that come true as often as they say."""

    method: Literal["isotonic", "sigmoid"] = Field(
        "isotonic", description="`isotonic` (a rising step curve) or `sigmoid` (Platt's curve)."
    )
    folds: Annotated[int, Field(ge=2, le=20)] = Field(
        5, description="The curve is learnt on scores told out of this many folds."
    )


class Cost(Part):
    """What a wrong decision costs, in any unit."""

    false_positive: Annotated[float, Field(gt=0)] = Field(description="Cost of a false alarm.")
    false_negative: Annotated[float, Field(gt=0)] = Field(description="Cost of a miss.")


class Decide(Part):
    """From which score on a row is told positive; exactly one of the two is given."""

    threshold: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Positive from this score on; an anomaly from this score on."
    )
    cost: Cost | None = Field(
        None, description="The threshold that costs least on scores told out of fold."
    )


class Estimator(Part):
    """What is fitted: a ``preset``, a ``class``, what a ``builder`` gives, or an ``onnx`` file."""

    preset: Preset | None = Field(None, description="The kind of estimator.")
    class_: Text | None = Field(
        None, alias="class", description="A class of scikit-learn, or one that is trusted."
    )
    builder: Text | None = Field(
        None,
        description="`package.module:function` of the project; it takes the features and the "
        "parameters and gives an estimator or a Pipeline, not yet fitted.",
    )
    onnx: Text | None = Field(
        None,
        description="An ONNX file of the project, by its path from the project's folder: it is "
        "imported as it is, and never trained.",
    )
    inputs: Inputs = Field(
        default_factory=nothing,
        description="Beside `onnx`: for each of its inputs the feature it takes, or a list of them "
        "in its order; without it each input takes the feature of its own name.",
    )
    outputs: Outputs | None = Field(
        None, description="Beside `onnx`: what it tells; exactly one of the three is given."
    )
    reads: Literal["images", "numbers", "text"] | None = Field(
        None,
        description="What a class or a builder is given: `numbers` (a matrix, categories as "
        "codes, NaN for missing), `text` (documents) or `images` (descriptors of photos); a "
        "preset says it itself.",
    )
    params: Frozen = Field(
        default_factory=nothing, description="Parameters by scikit-learn's names."
    )
    class_weight: Weights | None = Field(
        None, description="`balanced`, or the weight of each class by its name."
    )
    monotonic: Monotonic = Field(
        default_factory=nothing,
        description="`increasing` or `decreasing` for each feature whose effect has one way.",
    )
    calibrate: Calibrate | None = Field(None, description="Calibrated probabilities.")
    decide: Decide | None = Field(
        None, description="From which score on the positive class is told; 0.5 unless given."
    )
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(
        0, description="Seeds the split, the estimator and the intervals."
    )

    @property
    def name(self) -> str:
        """The preset, the class, the builder or the imported file."""
        return self.preset or self.class_ or self.builder or self.onnx or ""


class Range(Part):
    """What a parameter may be: `values` (a plain list is that), or numbers between two ends."""

    values: Annotated[tuple[JsonValue, ...], Field(min_length=1, strict=False)] | None = Field(
        None, description="The values tried; a plain list is short for it."
    )
    low: int | float | None = Field(None, description="The least number tried.")
    high: int | float | None = Field(
        None, description="The greatest number tried; two whole ends give whole numbers."
    )
    log: bool = Field(False, description="Whether equal ratios, not equal steps, are as likely.")

    @model_validator(mode="before")
    @classmethod
    def _read_a_list_as_values(cls, given: Any) -> Any:
        return {"values": given} if isinstance(given, list | tuple) else given


Ranges = Annotated[
    Mapping[str, Range],
    AfterValidator(lambda given: MappingProxyType(dict(given))),
    PlainSerializer(lambda given: {name: each.model_dump() for name, each in given.items()}),
]


class Tune(Part):
    """Search for parameters by successive halving on the rows learnt from."""

    params: Ranges = Field(
        description="For each parameter a list of values, or `{low, high, log}`."
    )
    metric: Text | None = Field(
        None, description="The metric searched by; the first of `problem.success` unless given."
    )
    trials: Annotated[int, Field(ge=2, le=10_000)] = Field(
        30, description="How many settings are drawn; fewer when `minutes` run out."
    )
    minutes: Annotated[float, Field(gt=0)] | None = Field(
        None, description="When the search stops, and the best so far is taken."
    )
    folds: Annotated[int, Field(ge=2, le=20)] = Field(
        3, description="The folds each setting is judged on."
    )
