"""When a file was delivered, by its name or, failing that, by its own time."""

import re
from datetime import UTC, datetime, timedelta

_DATES = re.compile(
    r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)(?:[T](\d{2}):?(\d{2})(?::?(\d{2}))?Z?(?!\d))?"
)


def delivered_at(name: str, modified_at: datetime) -> datetime:
    """Return when the file called ``name`` was delivered, as a naive UTC time.

    The last date in the name decides. A date with a time (``2025-03-01T0400``) is that instant; a
    plain date is the end of its day, because the file of a day cannot be delivered before the day
    is over. A name without a date leaves ``modified_at``, the file's own time.
    """
    for match in reversed(list(_DATES.finditer(name))):
        instant = _instant(match)
        if instant is not None:
            return instant
    return modified_at


def _instant(match: re.Match[str]) -> datetime | None:
    """Return the time a match stands for; None for the likes of 2025-02-30."""
    year, month, day, hour, minute, second = match.groups()
    try:
        midnight = datetime(int(year), int(month), int(day))
        if hour is None:
            return midnight + timedelta(days=1)
        return midnight.replace(hour=int(hour), minute=int(minute), second=int(second or 0))
    except (ValueError, OverflowError):
        return None


def naive_utc(moment: datetime) -> datetime:
    """Return ``moment`` as UTC without a time zone; a moment without one is taken for UTC."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def from_microseconds(microseconds: int) -> datetime:
    """Return the naive UTC time that lies ``microseconds`` after 1970."""
    return datetime(1970, 1, 1) + timedelta(microseconds=microseconds)
