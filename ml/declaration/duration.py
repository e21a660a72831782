"""Durations as people write them: ``30 days``."""

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ml.declaration.part import Text

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
ALLOWED = "a whole number of seconds, minutes, hours, days or weeks, such as 30 days"
_DURATION = re.compile(rf"([0-9]+)\s+({'|'.join(UNITS)})s?")


def seconds_of(text: str) -> int:
    """Return a duration in seconds; ValueError when it is none.

    A day has 24 hours, whatever the clocks of a time zone do.
    """
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(text)
    return int(found[1]) * UNITS[found[2]]


def _duration(text: str) -> str:
    try:
        seconds_of(text)
    except ValueError:
        raise PydanticCustomError("duration", f"allowed: {ALLOWED}") from None
    return text


Duration = Annotated[Text, AfterValidator(_duration)]
