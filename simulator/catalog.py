"""The master data that changes little: products with their launches, and stores."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.clock import Calendar
from simulator.names import CITIES, csv_text
from simulator.streams import stream

CATEGORIES = ("phone", "laptop", "headphones")
PRODUCT_NAMES = (
    tuple(f"Halo {n}{kind}" for n in (5, 6, 7, 8, 9) for kind in ("", " Pro", " Mini"))
    + tuple(f'Slate {n}"{kind}' for n in (13, 14, 16) for kind in ("", " Air", " Studio", " G2"))
    + tuple(f"Echo {kind}" for kind in "Buds|Buds 2|Buds Pro|Over|Over 2|Studio, wired".split("|"))
    + tuple(f"Tune {kind}" for kind in "Sport|Sport 2|Kids|Lite|Lite 2|Max|Max 2".split("|"))
)
BASE_PRICE = (64_900, 119_900, 14_900)
DEMAND = (1.0, 0.55, 1.1)
LAUNCHES_WITHIN = (40, 95, 150, 215, 270, 305, 420, 500)
DISCONTINUED_AFTER = (60, 120, 200, 290)
ANNOUNCED_DAYS = 30
ONLINE = ("Voltline Webshop", "Voltline App", "Voltline Marketplace, EU")


@dataclass(frozen=True)
class Products:
    """About 40 products, one array entry each; days count from the start of the simulation."""

    ids: list[str]
    names: list[str]
    category: np.ndarray
    base_price: np.ndarray
    cost: np.ndarray
    launched: np.ndarray
    discontinued: np.ndarray
    appeal: np.ndarray
    supplier: np.ndarray

    def prices(self, day: int) -> np.ndarray:
        """List prices in cents on ``day``: a tenth off for each full year since the launch."""
        years = np.clip((day - self.launched) // 365, 0, 4)
        return np.round(self.base_price * 0.9**years / 100).astype(np.int64) * 100 - 1

    def demand(self, day: int) -> np.ndarray:
        """Shares of the demand on ``day``: new products sell best, unlaunched ones not at all."""
        age = day - self.launched
        on_sale = (age >= 0) & (day < self.discontinued)
        weight = np.where(on_sale, self.appeal * (0.4 + 1.6 * np.exp(-np.maximum(age, 0) / 240)), 0)
        return weight / weight.sum()

    def on_sale(self, day: int) -> np.ndarray:
        """Return the indices of the products sold on ``day``."""
        return np.flatnonzero((self.launched <= day) & (day < self.discontinued))

    def extract(self, day: int, calendar: Calendar) -> Iterator[list[str]]:
        """Lines of the full extract of ``day``, products to come within a month included."""
        prices, lines = self.prices(day), []
        for i in np.flatnonzero(self.launched <= day + ANNOUNCED_DAYS).tolist():
            gone = "true" if day >= self.discontinued[i] else "false"
            lines.append(
                f"{self.ids[i]},{csv_text(self.names[i])},{CATEGORIES[self.category[i]]},"
                f"{prices[i]},{self.cost[i]},{gone},{calendar.text(int(self.launched[i]))}"
            )
        yield lines


def make_products(seed: int) -> Products:
    """Draw the products: most launched before the start, some during the first years."""
    rng = stream(seed, "products")
    count = len(PRODUCT_NAMES)
    category = np.array([0] * 15 + [1] * 12 + [2] * 13)
    spread = rng.uniform(0.6, 1.6, count)
    base = np.round(np.array(BASE_PRICE)[category] * spread / 1000).astype(np.int64) * 1000
    launched = -rng.integers(30, 1100, count)
    order = rng.permutation(count)
    launched[order[: len(LAUNCHES_WITHIN)]] = LAUNCHES_WITHIN
    discontinued = np.full(count, 100_000)
    old = order[len(LAUNCHES_WITHIN) :][: len(DISCONTINUED_AFTER)]
    launched[old] = -rng.integers(800, 1100, len(old))
    discontinued[old] = DISCONTINUED_AFTER
    return Products(
        ids=[f"P{i + 1:03}" for i in range(count)],
        names=list(PRODUCT_NAMES),
        category=category,
        base_price=base,
        cost=(base * rng.uniform(0.55, 0.72, count)).astype(np.int64),
        launched=launched,
        discontinued=discontinued,
        appeal=np.array(DEMAND)[category] * rng.lognormal(0, 0.4, count),
        supplier=rng.integers(0, 5, count),
    )


@dataclass(frozen=True)
class Stores:
    """20 stores, the last three of them online."""

    ids: list[str]
    lines: list[str]
    is_online: np.ndarray
    city: np.ndarray


def make_stores(seed: int, calendar: Calendar) -> Stores:
    """Draw the stores: one a city for the first 17 cities, then the online shops."""
    rng = stream(seed, "stores")
    count = len(CITIES) - len(ONLINE)
    ids = [f"S{i + 1:02}" for i in range(len(CITIES))]
    lines = []
    for i, store_id in enumerate(ids):
        opened = calendar.text(-int(rng.integers(1500, 5000)))
        country, city = CITIES[i] if i < count else CITIES[0]
        name = f"Voltline {city}" if i < count else ONLINE[i - count]
        channel = "store" if i < count else "online"
        lines.append(f"{store_id},{csv_text(name)},{channel},{country},{city},{opened}")
    return Stores(
        ids=ids,
        lines=lines,
        is_online=np.arange(len(ids)) >= count,
        city=np.minimum(np.arange(len(ids)), count),
    )
