"""What a feature view says of behaviour: ``config.meta.behaviour``."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from dataops.features.declaration import UNLIMITED, Duration, ttl_seconds
from ml.declaration.part import Column, Part, Text

EVERY_EVENT = "*"
OF_EVENTS = ("count", "recency", "seconds")
OF_A_COLUMN = ("sum", "avg", "distinct")
VERBS = (*OF_EVENTS, *OF_A_COLUMN)


def _several(named: Any) -> Any:
    return (named,) if isinstance(named, str) else named


_LENGTH = "allowed: a whole number from 1 of seconds, minutes, hours, days or weeks"


def _step(text: str) -> str:
    if text == UNLIMITED or not ttl_seconds(text):
        raise PydanticCustomError("step", _LENGTH)
    return text


def _window(text: str) -> str:
    if ttl_seconds(text) == 0:
        raise PydanticCustomError("window", f"{_LENGTH}; or unlimited")
    return text


Events = Annotated[
    tuple[Text, ...], BeforeValidator(_several), Field(min_length=1, strict=False)
]  # fmt: skip


class Measure(Part):
    """One feature: a verb, of which events, over which window."""

    count: Events | None = Field(None, description="How many events of the names given.")
    sum: Column | None = Field(None, description="The sum of a column; 0 where there is nothing.")
    avg: Column | None = Field(None, description="The mean of a column; null where there is none.")
    distinct: Column | None = Field(None, description="How many different values of a column.")
    recency: Events | None = Field(
        None, description="Seconds since the last event; null where there is none."
    )
    seconds: Events | None = Field(
        None,
        description="Seconds spent: from each such event to the entity's next one of any name, "
        "where that comes within `inactivity`.",
    )
    of: Events | None = Field(
        None, description="The events whose column is meant; every event unless given."
    )
    over: Annotated[Duration, AfterValidator(_window)] = Field(
        description="The window before the moment: `30 days`; `unlimited` for all that was before."
    )

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        verbs = [verb for verb in VERBS if getattr(self, verb) is not None]
        if len(verbs) != 1:
            raise PydanticCustomError("verb", f"allowed: one of {', '.join(VERBS)}")
        if self.of is not None and verbs[0] not in OF_A_COLUMN:
            raise PydanticCustomError("of", f"allowed: of beside one of {', '.join(OF_A_COLUMN)}")
        return self

    @property
    def column(self) -> str | None:
        """The column it is about; None where it is about events."""
        return self.sum or self.avg or self.distinct


class Behaviour(Part):
    """What stands under ``config.meta.behaviour``."""

    event: Column = Field(description="The column that names what happened.")
    time: Column = Field(description="The date or timestamp at which it happened.")
    known: Column = Field(description="The date or timestamp at which the warehouse learned it.")
    superseded: Column | None = Field(
        None,
        description="The date or timestamp from which on a newer version of the event counts; null "
        "for the last.",
    )
    every: Annotated[Duration, AfterValidator(_step)] | None = Field(
        None,
        description="A moment for each whole step of time (UTC), where the call names neither "
        "`moments` nor a `calendar`.",
    )
    inactivity: Duration = Field(
        "30 minutes", description="The longest time from one event to the next that is time spent."
    )
    features: Annotated[Mapping[str, Measure], Field(min_length=1)] = Field(
        description="Each feature by its name."
    )
