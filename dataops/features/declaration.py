"""What a SQL model says of itself as a feature view: ``config.meta.feature_view``."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ml.declaration.duration import ALLOWED, seconds_of
from ml.declaration.part import Column, Columns, Part, Text

UNLIMITED = "unlimited"


def ttl_seconds(ttl: str) -> int | None:
    """Return a ttl in seconds, None for ``unlimited``; ValueError when it is neither."""
    return None if ttl == UNLIMITED else seconds_of(ttl)


def _duration(ttl: str) -> str:
    try:
        ttl_seconds(ttl)
    except ValueError:
        raise PydanticCustomError("ttl", f"allowed: {ALLOWED}; or unlimited") from None
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
