"""What an ONNX model takes and gives, held against what the declaration says it does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml.data.features import Feature
from ml.imported.file import refused
from ml.names import listed
from ml.spec import ModelSpec

_NUMBERS = ("tensor(double)", "tensor(float)", "tensor(int32)", "tensor(int64)")
_FRACTIONS = ("tensor(double)", "tensor(float)")
_LABELS = ("tensor(bool)", "tensor(int32)", "tensor(int64)", "tensor(string)")
# Which kinds of feature each type of input takes.
_TAKES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_NUMBERS, ("number", "boolean")),
    "tensor(bool)": ("boolean",),
    "tensor(string)": ("string",),
}


@dataclass(frozen=True)
class Input:
    """An input of the model: which columns of the matrix it takes, and how.

    ``flat`` is whether it takes [rows] rather than [rows, columns].
    """

    name: str
    type: str
    columns: tuple[int, ...]
    flat: bool


def named_features(spec: ModelSpec, session: Any) -> dict[str, tuple[str, ...]]:
    """Return the features that each input of the model takes, in order.

    Those are what ``estimator.inputs`` says, or the feature of the input's own name. Raises
    UsageError for an input that is declared and not there, or there and not declared.
    """
    there = [each.name for each in session.get_inputs()]
    declared = spec.estimator.inputs
    for name in declared:
        if name not in there:
            raise refused(
                spec,
                f"has no input '{name}', which estimator.inputs names; it has: "
                f"{listed(name, there)}",
            )
    missing = [name for name in there if name not in declared]
    if declared and missing:
        raise refused(
            spec,
            f"takes input '{missing[0]}', which estimator.inputs does not name; it names: "
            f"{', '.join(declared)}",
        )
    return {name: declared.get(name, (name,)) for name in there}


def inputs_of(spec: ModelSpec, session: Any, features: Sequence[Feature]) -> tuple[Input, ...]:
    """Return the inputs of the model over ``features``, each found to take what it is given.

    Raises UsageError for an input of another type or another width.
    """
    places = {feature.name: at for at, feature in enumerate(features)}
    taken = named_features(spec, session)
    made = []
    for each in session.get_inputs():
        names = taken[each.name]
        _check_input(spec, each, [features[places[name]] for name in names])
        columns = tuple(places[name] for name in names)
        made.append(Input(each.name, each.type, columns, len(each.shape) == 1))
    return tuple(made)


def _check_input(spec: ModelSpec, each: Any, features: Sequence[Feature]) -> None:
    where = f"takes input '{each.name}' as {each.type} of {_shape(each.shape)}"
    if each.type not in _TAKES:
        raise refused(spec, f"{where}; allowed: {', '.join(_TAKES)}")
    many, shape = len(features), list(each.shape)
    if shape and isinstance(shape[0], int):
        raise refused(spec, f"{where}, {shape[0]} at a time; allowed: any number of rows first")
    wide = shape[1] if len(shape) == 2 else 1
    if len(shape) not in (1, 2) or (isinstance(wide, int) and wide != many):
        raise refused(
            spec,
            f"{where}, and is given {many} features "
            f"({', '.join(feature.name for feature in features)}); allowed: [rows, {many}], the "
            f"features in order in estimator.inputs: {{{each.name}: [first, second, …]}}",
        )
    for feature in features:
        if feature.kind not in _TAKES[each.type]:
            raise refused(
                spec,
                f"{where}, and feature '{feature.name}' is {feature.type}; allowed: "
                f"{' or '.join(_TAKES[each.type]).replace('string', 'text')}",
            )


def check_output(spec: ModelSpec, session: Any) -> None:
    """Raise UsageError where the output declared is not there or is of another type."""
    what, name = told_as(spec)
    there = {each.name: each for each in session.get_outputs()}
    if name not in there:
        raise refused(
            spec,
            f"has no output '{name}', which estimator.outputs.{what} names; it has: "
            f"{listed(name, there)}",
        )
    allowed = _LABELS if what == "label" else _FRACTIONS
    type_ = there[name].type
    if type_ not in allowed:
        hint = "; convert it with options={'zipmap': False}" if type_.startswith("seq") else ""
        raise refused(
            spec,
            f"gives output '{name}' as {type_}; allowed for {what}: {', '.join(allowed)}{hint}",
        )


def told_as(spec: ModelSpec) -> tuple[str, str]:
    """Return which of `probabilities`, `label` and `number` is declared, and its output's name."""
    outputs = spec.estimator.outputs
    found = {what: getattr(outputs, what, None) for what in ("probabilities", "label", "number")}
    return next((what, name) for what, name in found.items() if name)


def _shape(shape: Sequence[Any]) -> str:
    return f"[{', '.join(str(each or 'any') for each in shape)}]"
