"""``estimator.onnx``: what its inputs take, what its outputs tell, what goes beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from ml.declaration.part import Column, Columns, MaybeColumns, Part

if TYPE_CHECKING:
    from ml.spec import Declaration


def _lists(given: Any) -> Any:
    """Read a feature as the list of it."""
    if not isinstance(given, Mapping):
        return given
    return {name: [value] if isinstance(value, str) else value for name, value in given.items()}


Inputs = Annotated[
    Mapping[Column, Columns],
    BeforeValidator(_lists),
    AfterValidator(lambda given: MappingProxyType(dict(given))),
    PlainSerializer(lambda given: {name: list(names) for name, names in given.items()}),
]


class Outputs(Part):
    """What an imported model tells."""

    probabilities: Column | None = Field(
        None,
        description="The output that is probabilities, a column a class; of two classes it may be "
        "that of the second alone.",
    )
    label: Column | None = Field(None, description="The output that is the class told, no more.")
    number: Column | None = Field(None, description="The output that is the number told.")
    classes: MaybeColumns = Field(
        (),
        description="Which class each column of the probabilities is; in the label's own order "
        "unless given.",
    )


TOLD = ("probabilities", "label", "number")
# What is learnt, or says how it is learnt, and so says nothing of what is imported.
_LEARNT = ("params", "class_weight", "monotonic", "reads")


def imported_rules(declared: Declaration) -> Iterator[str]:
    """Yield one line for each rule that an imported model breaks."""
    estimator = declared.estimator
    if estimator.onnx is None:
        for key in ("inputs", "outputs"):
            if getattr(estimator, key):
                yield f"estimator.{key} is declared; allowed: beside estimator.onnx"
        return
    yield from _beside(declared)
    given = [name for name in TOLD if getattr(estimator.outputs, name, None)]
    if len(given) != 1:
        met = " and ".join(given) or "none of them"
        yield f"estimator.outputs has {met}; allowed: exactly one of {', '.join(TOLD)}"
        return
    able = ("number",) if declared.task == "regression" else ("probabilities", "label")
    if given[0] not in able:
        metric = declared.problem.success[0].metric
        yield (
            f"estimator.outputs names a {given[0]}, but {metric} judges a {declared.task}; "
            f"allowed: {', '.join(able)}"
        )
    if given[0] != "probabilities":
        asked = ("calibrate", "decide")
        where = [f"estimator.{key}" for key in asked if getattr(estimator, key) is not None]
        where += (
            ["estimator.outputs.classes"]
            if estimator.outputs and (estimator.outputs.classes)
            else []
        )
        for key in where:
            yield f"{key} is of probabilities; allowed: beside estimator.outputs.probabilities"


def _beside(declared: Declaration) -> Iterator[str]:
    """Yield what stands beside an imported model and has nothing to say of it."""
    train, name = declared.train, declared.estimator.onnx
    there = {
        **{f"estimator.{key}": getattr(declared.estimator, key) for key in _LEARNT},
        "tune": declared.tune,
        "train.validate": train.validate_,
        "train.features": train.features.include or train.features.exclude,
        "score.as_feature": declared.score.as_feature,
    }
    for key, value in there.items():
        if value:
            hint = "; estimator.inputs says which it takes" if key == "train.features" else ""
            yield f"{key} is declared, but {name} is imported and learns nothing{hint}"
