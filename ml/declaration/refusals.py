"""What is wrong with a declaration, said so that it can be put right."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ml.errors import UsageError
from ml.names import listed

_SHOWN = 80
_SAID = {
    "tuple_type": "allowed: a list",
    "dict_type": "allowed: a mapping of keys to values",
    "model_type": "allowed: a mapping of keys to values",
    "model_attributes_type": "allowed: a mapping of keys to values",
    "mapping_type": "allowed: a mapping of keys to values",
    "too_short": "allowed: a list of one or more",
    "string_type": "allowed: text",
    "string_too_short": "allowed: text that is not empty",
    "int_type": "allowed: a whole number",
    "float_type": "allowed: a number",
    "finite_number": "allowed: a finite number",
}


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of ``model`` by the keys people write."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def refusal(name: str, file: str, problems: Sequence[str]) -> UsageError:
    """Return the error that shows ``problems`` of the declaration of model ``name``."""
    told = problems[0] if len(problems) == 1 else "".join(f"\n  {text}" for text in problems)
    return UsageError(f"ML model '{name}': {told}", fix=f"fix {file}, then: dbt parse")


def shown(value: Any) -> str:
    """Return ``value`` as an error shows it, cut to one line."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def explain(
    error: ValidationError, model: type[BaseModel], top: str = "config.meta.ml"
) -> list[str]:
    """Return one line for each thing pydantic refused; keys unknown stand before keys missing.

    ``top`` is what people call the document that ``model`` describes.
    """
    details = sorted(error.errors(), key=lambda detail: detail["type"] == "missing")
    places = [detail["loc"] for detail in details]
    return [_explain_one(each, model, top) for each in details if not _holds_another(each, places)]


def _holds_another(detail: ErrorDetails, places: list[tuple[int | str, ...]]) -> bool:
    """Whether an error further in says the same more exactly."""
    here = detail["loc"]
    return any(len(place) > len(here) and place[: len(here)] == here for place in places)


def _explain_one(detail: ErrorDetails, model: type[BaseModel], top: str) -> str:
    *above, last = detail["loc"] or ("",)
    owner = _annotation_at(model, above)
    allowed = list(keys_of(owner)) if _is_model(owner) else []
    key, met = _dotted(detail["loc"]), shown(detail["input"])
    where = _dotted(above) or top
    if detail["type"] == "extra_forbidden":
        return f"unknown key {key} (value {met}); {where} may have: {listed(str(last), allowed)}"
    if detail["type"] == "missing":
        return f"{key} is missing; {where} may have: {listed(str(last), allowed)}"
    choices = _choices(_annotation_at(model, detail["loc"]))
    if choices:
        return f"{key} is {met}; allowed: {listed(str(detail['input']), choices)}"
    return f"{key} is {met}; {_SAID.get(detail['type'], detail['msg'].lower())}"


def _annotation_at(model: Any, path: Iterable[int | str]) -> Any:
    """Return the type declared at ``path`` below ``model``, None where nothing is declared."""
    here = model
    for step in path:
        here = _without_none(here)
        if isinstance(step, int):
            here = get_args(here)[0] if get_args(here) else None
        elif _is_model(here) and step in keys_of(here):
            here = keys_of(here)[step].annotation
        elif get_origin(here) is Mapping:
            here = get_args(here)[1]
        else:
            return None
    return _without_none(here)


def _without_none(annotation: Any) -> Any:
    """Return ``X`` for ``X | None``; another annotation as it is."""
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    is_optional = type(None) in get_args(annotation) and len(kinds) == 1
    return kinds[0] if is_optional else annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _choices(annotation: Any) -> list[str]:
    return list(get_args(annotation)) if get_origin(annotation) is Literal else []


def _dotted(path: Iterable[int | str]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".")
