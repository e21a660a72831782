"""Days and seconds since the start of the simulation, as the text that systems write."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np

DAY = 86_400
TIMES = [
    f"{hour:02}:{minute:02}:{second:02}"
    for hour in range(24)
    for minute in range(60)
    for second in range(60)
]
MONTHLY_SALES = (0.9, 0.85, 0.9, 0.92, 0.95, 0.97, 0.92, 0.95, 1.05, 1.05, 1.45, 1.3)
WEEKDAY_SALES = (0.9, 0.9, 0.95, 1.0, 1.15, 1.3, 0.8)
WEEKDAY_CALLS = (1.35, 1.15, 1.1, 1.05, 1.0, 0.75, 0.6)


class Calendar:
    """Turns days since ``start`` (0 is the first) into dates, weekdays and seasons."""

    def __init__(self, start: date) -> None:
        self.start = start
        self._texts: dict[int, str] = {}

    def date(self, day: int) -> date:
        """Return the date of ``day``."""
        return self.start + timedelta(days=day)

    def text(self, day: int) -> str:
        """Return the date of ``day`` as ``2025-03-01``."""
        if day not in self._texts:
            self._texts[day] = self.date(day).isoformat()
        return self._texts[day]

    def stamps(self, seconds: np.ndarray, pattern: str = "{} {}") -> list[str]:
        """Seconds since the start (integers) as text: date and time put into ``pattern``."""
        days, rest = np.divmod(seconds, DAY)
        join = pattern.format
        return [
            join(self.text(d), TIMES[s]) for d, s in zip(days.tolist(), rest.tolist(), strict=True)
        ]

    def json_stamps(self, seconds: np.ndarray) -> list[str]:
        """Seconds since the start as ``2025-03-01T12:34:56Z``."""
        return self.stamps(seconds, "{}T{}Z")

    def end_of(self, day: int) -> int:
        """Return the moment ``day`` is over, in seconds since 1970 (UTC)."""
        midnight = datetime.combine(self.date(day + 1), time(), tzinfo=UTC)
        return int(midnight.timestamp())

    def sales_factor(self, day: int) -> float:
        """How many times the usual day's sales ``day`` sees: season, weekday, late November."""
        when = self.date(day)
        sale = 1.6 if when.month == 11 and 22 <= when.day <= 30 else 1.0
        return MONTHLY_SALES[when.month - 1] * WEEKDAY_SALES[when.weekday()] * sale

    def calls_factor(self, day: int) -> float:
        """How many times the usual day's calls ``day`` sees."""
        return WEEKDAY_CALLS[self.date(day).weekday()]
