"""Consents: given or refused when signing up, now and then withdrawn or given again."""

from collections.abc import Iterator

import numpy as np

from simulator.clock import DAY, Calendar
from simulator.customers import CHUNK, Customers, customer_ids
from simulator.delivery import Delivery
from simulator.streams import stream
from simulator.tables import CONSENTS

PURPOSES = ("marketing", "analytics", "model_training")
GRANTED_SHARES = (None, 0.85, 0.9)
CHANGES_A_DAY = 0.00025


class Consents:
    """The consents in force: ``granted`` (customers, purposes)."""

    def __init__(self, seed: int, calendar: Calendar, customers: Customers) -> None:
        rng = stream(seed, "consents")
        self._seed = seed
        self._calendar = calendar
        self._customers = customers
        self.granted = np.column_stack(
            [
                customers.opted_in,
                rng.random(customers.count) < GRANTED_SHARES[1],
                rng.random(customers.count) < GRANTED_SHARES[2],
            ]
        )

    def step(self, day: int, delivery: Delivery) -> None:
        """Deliver the consents recorded on ``day``; on the first day all recorded before."""
        delivery.records(CONSENTS, day, self._pieces(day))

    def _pieces(self, day: int) -> Iterator[list[str]]:
        known = self._customers.known(day)
        ends = self._customers.known(day + 1)
        if day > 0:
            lines = self._sign_ups(known, ends) + self._changes(day, known)
            yield sorted(lines, key=_moment)
            return
        for begin in range(0, ends, CHUNK):
            yield self._sign_ups(begin, min(begin + CHUNK, ends))

    def _sign_ups(self, begin: int, end: int) -> list[str]:
        who = np.repeat(np.arange(begin, end), len(PURPOSES))
        purpose = np.tile(np.arange(len(PURPOSES)), end - begin)
        return self._lines(who, purpose, self._customers.signed_up[who])

    def _changes(self, day: int, known: int) -> list[str]:
        rng = stream(self._seed, "consents", day)
        count = rng.poisson(known * CHANGES_A_DAY)
        who = rng.integers(0, max(known, 1), count)
        purpose = rng.integers(0, len(PURPOSES), count)
        # One change a day: a second one of the same consent would undo the first unseen.
        _, once = np.unique(who * len(PURPOSES) + purpose, return_index=True)
        who, purpose = who[once], purpose[once]
        self.granted[who, purpose] = ~self.granted[who, purpose]
        self._customers.opted_in[:] = self.granted[:, 0]
        seconds = np.sort(rng.integers(6 * 3600, 23 * 3600, len(who))) + day * DAY
        return self._lines(who, purpose, seconds)

    def _lines(self, who: np.ndarray, purpose: np.ndarray, seconds: np.ndarray) -> list[str]:
        return [
            f"{customer},{PURPOSES[p]},{'true' if granted else 'false'},{when}"
            for customer, p, granted, when in zip(
                customer_ids(who),
                purpose.tolist(),
                self.granted[who, purpose].tolist(),
                self._calendar.stamps(seconds),
                strict=True,
            )
        ]


def _moment(line: str) -> str:
    return line[line.rindex(",") :]
