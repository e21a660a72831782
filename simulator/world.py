"""The simulated business: puts its parts together and lets the days go by."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from simulator.app import App
from simulator.catalog import make_products, make_stores
from simulator.clock import Calendar
from simulator.consents import Consents
from simulator.customers import Customers
from simulator.delivery import Delivery
from simulator.folder import Folder
from simulator.names import CITY_WEIGHTS
from simulator.plans import Plans
from simulator.repairs import Repairs
from simulator.sales import LINE_SHARES, LINES, ONLINE_SHARE, ONLINE_SHARES, ORDERS_A_DAY, Sales
from simulator.settings import Settings, Summary
from simulator.streams import stream
from simulator.supply import Supply
from simulator.support import Support
from simulator.tables import CUSTOMERS, PRODUCTS, STORES

EXTRACT_EVERY_DAYS = 7

__all__ = ["Settings", "Summary", "World", "simulate"]


def simulate(
    settings: Settings, out: Path, *, progress: Callable[[int, int], None] | None = None
) -> Summary:
    """Write the landing files of ``settings`` into ``out``, a new or empty folder.

    Replaces what an earlier simulation wrote there. The same settings give the same bytes.
    ``progress`` is called after each day with (days done, days in all). Raises FileExistsError if
    ``out`` holds anything else, NotADirectoryError if it is a file.
    """
    folder = Folder(Path(out), settings)
    world = World(settings)
    with Delivery(folder.staging, settings, world.calendar) as delivery:
        for day in range(settings.days):
            world.step(day, delivery)
            if progress:
                progress(day + 1, settings.days)
        summary = delivery.summary()
    folder.publish()
    return summary


class World:
    """The state of the business between two days; its size depends on the customers alone."""

    def __init__(self, settings: Settings) -> None:
        seed = settings.seed
        self.settings = settings
        self.calendar = calendar = Calendar(settings.start)
        self.customers = customers = Customers(settings)
        self.products = products = make_products(seed)
        self.stores = stores = make_stores(seed, calendar)
        customers.owned[:] = stream(seed, "owned").choice(products.on_sale(0), customers.count)
        shares = _store_shares(len(stores.ids))
        self.supply = Supply(seed, calendar, products, stores, shares)
        self.sales = Sales(seed, calendar, customers, products, stores, self.supply)
        self.plans = Plans(seed, calendar, customers, products)
        self.app = App(seed, calendar, customers, self.plans.tasks)
        self.support = Support(seed, calendar, customers, products, self.plans.calls)
        self.repairs = Repairs(seed, calendar, customers, products)
        self.consents = Consents(seed, calendar, customers)

    def step(self, day: int, delivery: Delivery) -> None:
        """Let ``day`` (0 is the first) go by and deliver its files."""
        known = self.customers.known(day)
        lines = known * ORDERS_A_DAY * float(np.dot(LINES, LINE_SHARES))
        self.supply.open_day(day, lines)
        self.sales.step(day, delivery)
        self.supply.close_day(day, delivery)
        self.plans.step(day, delivery)
        self.repairs.step(day, self.plans.number[:known] > 0, delivery)
        self.support.step(day, delivery)
        self.app.step(day, delivery)
        self.consents.step(day, delivery)
        self.customers.move_house(self.settings.seed, day)
        if day % EXTRACT_EVERY_DAYS == 0 or day == self.settings.days - 1:
            self._deliver_extracts(day, delivery)

    def _deliver_extracts(self, day: int, delivery: Delivery) -> None:
        delivery.records(CUSTOMERS, day, self.customers.extract(day, self.calendar))
        delivery.records(PRODUCTS, day, self.products.extract(day, self.calendar))
        delivery.records(STORES, day, [list(self.stores.lines)])


def _store_shares(stores: int) -> np.ndarray:
    """Shares of the demand each store expects."""
    weights = np.array(CITY_WEIGHTS, dtype=np.float64) / sum(CITY_WEIGHTS)
    physical = stores - len(ONLINE_SHARES)
    home = weights[:physical] / weights[:physical].sum() * (1 - ONLINE_SHARE)
    return np.concatenate([home, np.array(ONLINE_SHARES) * ONLINE_SHARE])
