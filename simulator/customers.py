"""The customers: who they are, what few facts of them change, and their weekly extract."""

from collections.abc import Iterator

import numpy as np

from simulator.clock import DAY, Calendar
from simulator.names import (
    CITIES,
    CITY_WEIGHTS,
    DIALLING,
    FIRST,
    LAST,
    MAIL_HOSTS,
    ascii_letters,
)
from simulator.settings import Settings
from simulator.streams import pick, stream
from simulator.truth import FRAILTY_SD

CHUNK = 20_000
NEVER = -10_000
GROWTH_A_YEAR = 0.4
HISTORY_DAYS = 4 * 365
MOVES_A_DAY = 0.0004
MAIL_NAMES = (tuple(map(ascii_letters, FIRST)), tuple(map(ascii_letters, LAST)))


class Customers:
    """One array entry a customer, in the order of signing up.

    ``signed_up`` is in seconds since the start. ``slowness``, ``mood``, ``frailty`` and the rates
    are latent: no file shows them.
    """

    def __init__(self, settings: Settings) -> None:
        rng = stream(settings.seed, "customers")
        count = settings.customers
        self.count = count
        self.signed_up = _sign_ups(rng, count, settings.days)
        self.first = rng.integers(0, len(FIRST), count, dtype=np.int16)
        self.last = rng.integers(0, len(LAST), count, dtype=np.int16)
        self.host = rng.integers(0, len(MAIL_HOSTS), count, dtype=np.int8)
        self.city = pick(rng, np.array(CITY_WEIGHTS), count).astype(np.int8)
        self.phone = rng.integers(1_500_000_00, 1_799_999_99, count, dtype=np.int32)
        self.is_business = rng.random(count) < 0.12
        self.birth_year = rng.integers(1945, 2006, count, dtype=np.int16)
        self.opted_in = rng.random(count) < 0.55
        self.activity = rng.gamma(1.6, 1 / 1.6, count).astype(np.float32)
        self.app_use = rng.gamma(1.8, 1 / 1.8, count).astype(np.float32)
        self.call_rate = rng.gamma(1.5, 1 / 1.5, count).astype(np.float32)
        self.slowness = rng.normal(0, 0.45, count).astype(np.float32)
        self.mood = rng.normal(0, 0.55, count).astype(np.float32)
        self.frailty = rng.normal(0, FRAILTY_SD, count).astype(np.float32)
        self.owned = np.full(count, -1, dtype=np.int8)
        self.last_order_day = np.full(count, NEVER, dtype=np.int32)
        self.last_repair_day = np.full(count, NEVER, dtype=np.int32)
        self.last_plan_day = np.full(count, NEVER, dtype=np.int32)
        self.last_trouble_day = np.full(count, NEVER, dtype=np.int32)

    def known(self, day: int) -> int:
        """How many customers had signed up before ``day`` began; they are the first ones."""
        return int(np.searchsorted(self.signed_up, day * DAY))

    def move_house(self, seed: int, day: int) -> None:
        """Let a few customers move to another city, with another phone number."""
        rng = stream(seed, "moves", day)
        known = self.known(day)
        movers = rng.integers(0, max(known, 1), rng.poisson(known * MOVES_A_DAY))
        self.city[movers] = rng.integers(0, len(CITIES), len(movers))
        self.phone[movers] = rng.integers(1_500_000_00, 1_799_999_99, len(movers))

    def extract(self, day: int, calendar: Calendar) -> Iterator[list[str]]:
        """Lines of the full extract at the end of ``day``, in pieces of at most ``CHUNK``."""
        known = self.known(day + 1)
        for begin in range(0, max(known, 1), CHUNK):
            yield self._lines(begin, min(begin + CHUNK, known), calendar)

    def _lines(self, begin: int, end: int, calendar: Calendar) -> list[str]:
        part = slice(begin, end)
        columns = (
            self.first[part].tolist(),
            self.last[part].tolist(),
            self.host[part].tolist(),
            self.city[part].tolist(),
            self.phone[part].tolist(),
            self.is_business[part].tolist(),
            self.birth_year[part].tolist(),
            self.opted_in[part].tolist(),
            calendar.stamps(self.signed_up[part]),
        )
        mail_first, mail_last = MAIL_NAMES
        return [
            f"C{number:07},{FIRST[first]} {LAST[last]},"
            f"{mail_first[first]}.{mail_last[last]}{number}@{MAIL_HOSTS[host]},"
            f"+{DIALLING[CITIES[city][0]]}{phone},{CITIES[city][0]},{CITIES[city][1]},"
            f"{'business' if business else 'consumer'},{born},{'true' if opted else 'false'},{when}"
            for number, (first, last, host, city, phone, business, born, opted, when) in enumerate(
                zip(*columns, strict=True), start=begin + 1
            )
        ]


def _sign_ups(rng: np.random.Generator, count: int, days: int) -> np.ndarray:
    """Sorted moments of signing up: 40 % of the customers within a year, at least one before."""
    later = min(int(count * GROWTH_A_YEAR * min(days / 365, 1.0)), count - 1)
    history = HISTORY_DAYS * (1 - np.sqrt(rng.random(count - later)))
    during = days * rng.random(later) ** 0.9
    whole = np.floor(np.concatenate([-history - 1, during])) * DAY
    seconds = np.clip(rng.normal(15 * 3600, 4 * 3600, count), 0, DAY - 1)
    return np.sort((whole + seconds).astype(np.int64))


def customer_ids(indices: np.ndarray) -> list[str]:
    """Return the customer ids of array positions."""
    return [f"C{index + 1:07}" for index in indices.tolist()]
