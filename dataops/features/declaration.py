"""What a SQL model says of itself as a feature view: ``config.meta.feature_view``."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ml.declaration.part import Column, Columns, Part, Text

UNLIMITED = "unlimited"
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_DURATION = re.compile(rf"([0-9]+)\s+({'|'.join(UNITS)})s?")


def ttl_seconds(ttl: str) -> int | None:
    """Return a ttl in seconds, None for ``unlimited``; ValueError when it is neither.

    A day has 24 hours, whatever the clocks of a time zone do.
    """
    if ttl == UNLIMITED:
        return None
    found = _DURATION.fullmatch(ttl)
    if not found:
        raise ValueError(ttl)
    return int(found[1]) * UNITS[found[2]]


def _duration(ttl: str) -> str:
    try:
        ttl_seconds(ttl)
    except ValueError:
        raise PydanticCustomError(
            "ttl",
            "allowed: a whole number of seconds, minutes, hours, days or weeks, such as 30 days; "
            "or unlimited",
        ) from None
    return ttl


Duration = Annotated[Text, AfterValidator(_duration)]


class FeatureView(Part):
    """What stands under ``config.meta.feature_view``."""

    entity: Columns = Field(description="The columns that name what the features are about.")
    event_time: Column = Field(
        description="The date or timestamp from which on a row's values hold."
    )
    known_time: Column = Field(
        description="The date or timestamp at which the warehouse learned the row; the same column "
        "as `event_time` where values are made of what was known by then."
    )
    ttl: Duration = Field(
        description="How old a row may be and still be used: `30 days`; `0 days` for the very "
        "instant only; `unlimited`."
    )
    owner: Text | None = Field(
        None, description="Who answers for it; the model's `meta.owner` unless given."
    )
