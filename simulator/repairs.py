"""Repair requests: a device, what its owner says of it, the technician's verdict, a photo."""

import numpy as np

from simulator.catalog import CATEGORIES, Products
from simulator.clock import DAY, Calendar
from simulator.customers import Customers, customer_ids
from simulator.delivery import Delivery
from simulator.names import csv_text
from simulator.photos import photo
from simulator.streams import pick, stream
from simulator.tables import REPAIRS

REPAIRS_A_DAY = 0.00042
COVERED_FACTOR = 1.7
GRADE_SHARES = (0.22, 0.33, 0.28, 0.17)
ISSUES = (
    ("does not charge", "battery drains fast", "no sound", "does not start"),
    ("scratched surface", "small dent in the case", "loose connector", "button stuck"),
    ("cracked screen", "dropped, edge is dented", "screen flickers", "hinge is loose"),
    ("screen shattered", "bent after a fall", "case broken, parts missing", "run over"),
)
MISJUDGED_SHARE = 0.25


class Repairs:
    """Draws the requests and their photos."""

    def __init__(
        self, seed: int, calendar: Calendar, customers: Customers, products: Products
    ) -> None:
        self._seed = seed
        self._calendar = calendar
        self._customers = customers
        self._products = products
        self._numbers = 0

    def step(self, day: int, is_covered: np.ndarray, delivery: Delivery) -> None:
        """Deliver the requests and photos of ``day``; ``is_covered`` (known,): has a plan."""
        rng = stream(self._seed, "repairs", day)
        weight = 1 + (COVERED_FACTOR - 1) * is_covered
        who = pick(rng, weight, rng.poisson(weight.sum() * REPAIRS_A_DAY))
        grade = rng.choice(len(GRADE_SHARES), len(who), p=GRADE_SHARES)
        product = self._customers.owned[who]
        first = self._numbers + 1
        self._numbers += len(who)
        files = [f"RP{first + i:07}_{self._calendar.text(day)}.png" for i in range(len(who))]
        lines = self._lines(day, who, grade, files, rng)
        delivery.records(REPAIRS, day, [lines])
        kinds = [CATEGORIES[i] for i in self._products.category[product].tolist()]
        photos = (
            (name, photo(kind, damage, rng))
            for name, kind, damage in zip(files, kinds, grade.tolist(), strict=True)
        )
        delivery.photos(day, photos)
        self._customers.last_repair_day[who] = day

    def _lines(
        self,
        day: int,
        who: np.ndarray,
        grade: np.ndarray,
        files: list[str],
        rng: np.random.Generator,
    ) -> list[str]:
        told = np.where(rng.random(len(who)) < MISJUDGED_SHARE, rng.integers(0, 4, len(who)), grade)
        words = rng.integers(0, 4, len(who))
        seconds = np.sort(rng.integers(8 * 3600, 21 * 3600, len(who)))
        ids = self._products.ids
        return [
            f"{file[:9]},{customer},{ids[owned]},{file},{csv_text(ISSUES[said][word])},{verdict},{at}"
            for file, customer, owned, said, word, verdict, at in zip(
                files,
                customer_ids(who),
                self._customers.owned[who].tolist(),
                told.tolist(),
                words.tolist(),
                grade.tolist(),
                self._calendar.stamps(seconds + day * DAY),
                strict=True,
            )
        ]
