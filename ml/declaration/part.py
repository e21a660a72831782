"""What every part of a declaration is: frozen, strict, and read as YAML 1.1 writes it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    StringConstraints,
    model_validator,
)

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Column = Annotated[str, StringConstraints(min_length=1)]
Columns = Annotated[tuple[Column, ...], Field(min_length=1, strict=False)]
MaybeColumns = Annotated[tuple[Column, ...], Field(strict=False)]
Frozen = Annotated[
    Mapping[str, JsonValue],
    AfterValidator(lambda params: MappingProxyType(dict(params))),
    PlainSerializer(dict),
]


def nothing() -> Mapping[str, Any]:
    """Return an empty mapping that stays empty: the default of a key that holds a mapping."""
    return MappingProxyType({})


class Part(BaseModel):
    """A mapping of known keys; an unknown key or a value of another type is refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, serialize_by_alias=True
    )

    @model_validator(mode="before")
    @classmethod
    def _read_on_as_a_word(cls, declared: Any) -> Any:
        # YAML 1.1, which dbt reads, takes the bare word `on` for the truth value.
        if "on" not in cls.model_fields or not isinstance(declared, Mapping):
            return declared
        return {"on" if key in (True, "true") else key: value for key, value in declared.items()}
