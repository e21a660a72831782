"""What a simulation is asked for, and what it reports back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

LONGEST_DAYS = 3650
MOST_CUSTOMERS = 10_000_000
EARLIEST_YEAR, LATEST_YEAR = 1980, 2200


@dataclass(frozen=True)
class Settings:
    """A world to simulate.

    ``days`` from ``start`` (inclusive, UTC), ``customers`` known by the last day, the ``seed`` that
    decides every byte, and ``dirt``: the share of records, and of files, that are spoiled.
    Raises ValueError naming the setting, the value met and what is allowed.
    """

    days: int = 365
    customers: int = 5000
    seed: int = 7
    dirt: float = 0.01
    start: date = date(2025, 1, 1)

    def __post_init__(self) -> None:
        _whole("days", self.days, 1, LONGEST_DAYS)
        _whole("customers", self.customers, 1, MOST_CUSTOMERS)
        _whole("seed", self.seed, 0, 2**63 - 1)
        is_number = isinstance(self.dirt, int | float) and not isinstance(self.dirt, bool)
        if not is_number or not 0 <= self.dirt <= 1:
            raise ValueError(f"dirt is {self.dirt!r}: must be a share from 0 to 1, such as 0.01")
        is_date = isinstance(self.start, date) and not isinstance(self.start, datetime)
        if not is_date or not EARLIEST_YEAR <= self.start.year <= LATEST_YEAR:
            raise ValueError(
                f"start is {self.start!r}: must be a date between the years "
                f"{EARLIEST_YEAR} and {LATEST_YEAR}"
            )


def _whole(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} is {value!r}: must be a whole number from {least} to {most}")


@dataclass
class TableCount:
    """Files, records and bytes written for one source table."""

    files: int = 0
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Summary:
    """What was written: counts per ``source.table``; spoiled records and files by kind."""

    tables: Mapping[str, TableCount]
    spoiled: Mapping[str, int] = field(default_factory=dict)

    @property
    def files(self) -> int:
        """Files of all tables."""
        return sum(count.files for count in self.tables.values())

    @property
    def rows(self) -> int:
        """Records of all tables; a photo counts as one."""
        return sum(count.rows for count in self.tables.values())

    @property
    def bytes(self) -> int:
        """Bytes of all tables."""
        return sum(count.bytes for count in self.tables.values())
