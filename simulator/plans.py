"""Protection plans: who takes one, and who leaves, as simulator/truth.py says."""

from collections.abc import Iterator

import numpy as np

from simulator import truth
from simulator.catalog import Products
from simulator.clock import DAY, Calendar
from simulator.customers import CHUNK, Customers, customer_ids
from simulator.delivery import Delivery
from simulator.streams import stream
from simulator.tables import CANCELLATIONS, SUBSCRIPTIONS
from simulator.windows import Window

TIERS = ("basic", "plus", "premium")
TIER_SHARES = (0.4, 0.38, 0.22)
TIER_CENTS = np.array([549, 949, 1499])
CATEGORY_FACTOR = np.array([1.0, 1.35, 0.65])
COVERED_AT_START = 0.6
JOINS_WHEN_NEW = 0.3
NEW_DAYS = 3
JOINS_LATER = 0.002
PAUSE_DAYS = 45
REASONS = {
    "tenure": "no_longer_needed",
    "price": "too_expensive",
    "unresolved_calls": "problem_not_solved",
    "tone": "bad_service",
    "task_seconds": "app_trouble",
}
OTHER_REASONS = ("moved_to_competitor", "no_longer_needed", "other")
OTHER_SHARE = 0.4


class Plans:
    """The running plan of each customer (``number`` 0: none); arrays have one entry a customer."""

    def __init__(
        self, seed: int, calendar: Calendar, customers: Customers, products: Products
    ) -> None:
        self._seed = seed
        self._calendar = calendar
        self._customers = customers
        self._products = products
        count = customers.count
        self.number = np.zeros(count, dtype=np.int64)
        self.tier = np.zeros(count, dtype=np.int8)
        self.price = np.zeros(count, dtype=np.int32)
        self.started = np.zeros(count, dtype=np.int64)
        self._left_day = np.full(count, -1000, dtype=np.int32)
        self._numbers = 0
        # Columns: calls, unresolved calls, sum of tones.
        self.calls = Window(count, truth.CALL_WINDOW_DAYS, 3)
        # Columns: tasks, sum of seconds.
        self.tasks = Window(count, truth.TASK_WINDOW_DAYS, 2)

    def covered(self, known: int) -> np.ndarray:
        """Return the indices of the customers with a running plan."""
        return np.flatnonzero(self.number[:known])

    def factors(self, day: int, who: np.ndarray) -> np.ndarray:
        """Return the truth's factors of ``who`` as they stand when ``day`` begins."""
        return truth.factors(
            tenure_days=(day * DAY - self.started[who]) / DAY,
            price_cents=self.price[who],
            unresolved=np.round(self.calls.sums[who, 1]),
            tone=self.calls.mean(who, column=2, count=0, otherwise=0.0),
            seconds=self.tasks.mean(who, column=1, count=0, otherwise=60.0),
        )

    def step(self, day: int, delivery: Delivery) -> None:
        """Deliver the cancellations and the new plans of ``day``."""
        rng = stream(self._seed, "plans", day)
        delivery.records(CANCELLATIONS, day, [self._leave(day, rng)])
        who, started = self._new_plans(day, rng)
        self._join(who, started, rng)
        delivery.records(SUBSCRIPTIONS, day, self._lines(who))

    def _leave(self, day: int, rng: np.random.Generator) -> list[str]:
        covered = self.covered(self._customers.known(day))
        factors = self.factors(day, covered)
        monthly = truth.monthly_chance(factors, self._customers.frailty[covered])
        is_leaving = rng.random(len(covered)) < truth.daily_chance(monthly)
        who = covered[is_leaving]
        seconds = np.sort(rng.integers(7 * 3600, 23 * 3600, len(who)))
        lines = [
            f"SUB{number:08},{reason},{when}"
            for number, reason, when in zip(
                self.number[who].tolist(),
                _reasons(rng, factors[is_leaving]),
                self._calendar.stamps(seconds + day * DAY),
                strict=True,
            )
        ]
        self.number[who] = 0
        self._left_day[who] = day
        return lines

    def _new_plans(self, day: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Who takes a plan on ``day``, and when; on the first day also all that run already."""
        signed_up = self._customers.signed_up[: self._customers.known(day)]
        if day == 0:
            who = np.flatnonzero(rng.random(len(signed_up)) < COVERED_AT_START)
            ago = (-signed_up[who] * rng.random(len(who)) ** 1.5).astype(np.int64)
            return who, -np.maximum(ago, 1)
        is_new = signed_up >= (day - NEW_DAYS) * DAY
        chance = np.where(is_new, JOINS_WHEN_NEW, JOINS_LATER)
        chance[self._left_day[: len(chance)] > day - PAUSE_DAYS] = 0
        chance[self.number[: len(chance)] > 0] = 0
        who = np.flatnonzero(rng.random(len(chance)) < chance)
        return who, day * DAY + rng.integers(8 * 3600, 22 * 3600, len(who))

    def _join(self, who: np.ndarray, started: np.ndarray, rng: np.random.Generator) -> None:
        tier = rng.choice(len(TIERS), len(who), p=TIER_SHARES)
        category = self._products.category[self._customers.owned[who]]
        offer = rng.choice((0.8, 0.9, 1.0, 1.1, 1.25), len(who))
        cents = TIER_CENTS[tier] * CATEGORY_FACTOR[category] * offer
        self.price[who] = np.round(cents / 50).astype(np.int32) * 50 - 1
        self.tier[who] = tier
        self.started[who] = started
        self.number[who] = self._numbers + 1 + np.arange(len(who))
        self._numbers += len(who)
        self._customers.last_plan_day[who] = started // DAY

    def _lines(self, who: np.ndarray) -> Iterator[list[str]]:
        for begin in range(0, max(len(who), 1), CHUNK):
            part = who[begin : begin + CHUNK]
            yield [
                f"SUB{number:08},{customer},{self._products.ids[owned]},{TIERS[tier]},{cents},{at}"
                for number, customer, owned, tier, cents, at in zip(
                    self.number[part].tolist(),
                    customer_ids(part),
                    self._customers.owned[part].tolist(),
                    self.tier[part].tolist(),
                    self.price[part].tolist(),
                    self._calendar.stamps(self.started[part]),
                    strict=True,
                )
            ]


def _reasons(rng: np.random.Generator, factors: np.ndarray) -> list[str]:
    """Mostly the factor that weighed most, as people say it; often something else."""
    weights = np.array(list(truth.COEFFICIENTS.values()))
    names = list(REASONS.values())
    heaviest = np.argmax(factors * weights + rng.normal(0, 0.4, factors.shape), axis=1)
    is_other = rng.random(len(factors)) < OTHER_SHARE
    other = rng.choice(len(OTHER_REASONS), len(factors))
    return [
        OTHER_REASONS[o] if is_o else names[h]
        for h, is_o, o in zip(heaviest.tolist(), is_other.tolist(), other.tolist(), strict=True)
    ]
