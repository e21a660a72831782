"""Orders with their items, and the returns that follow within a month."""

from collections import defaultdict

import numpy as np

from simulator.catalog import Products, Stores
from simulator.clock import DAY, Calendar
from simulator.customers import Customers, customer_ids
from simulator.delivery import Delivery
from simulator.names import CITIES
from simulator.streams import pick, stream
from simulator.supply import Supply
from simulator.tables import ORDER_ITEMS, ORDERS, RETURNS

ORDERS_A_DAY = 0.038
LINES, LINE_SHARES = (1, 2, 3, 4), (0.62, 0.25, 0.09, 0.04)
ONLINE_SHARE = 0.45
ONLINE_SHARES = (0.6, 0.28, 0.12)
CANCELLED_SHARE = 0.03
RETURNED_SHARE = np.array([0.05, 0.06, 0.09])
MOST_RETURN_DAYS = 30
RETURN_REASONS = ("defective", "changed_mind", "wrong_item", "late")
REASON_SHARES = (0.3, 0.45, 0.15, 0.1)
PAYMENTS = ("card", "paypal", "invoice", "cash")
PAYMENT_SHARES = {
    "online": (0.45, 0.4, 0.15, 0.0),
    "store": (0.75, 0.0, 0.03, 0.22),
    "business": (0.2, 0.05, 0.75, 0.0),
}


class Sales:
    """Sells day by day. Items to be returned wait, a month at most, for their day."""

    def __init__(
        self,
        seed: int,
        calendar: Calendar,
        customers: Customers,
        products: Products,
        stores: Stores,
        supply: Supply,
    ) -> None:
        self._seed = seed
        self._calendar = calendar
        self._customers = customers
        self._products = products
        self._supply = supply
        self._is_online = stores.is_online
        rng = stream(seed, "home stores")
        shops = np.flatnonzero(~stores.is_online)
        home = np.array([i if i < len(shops) else rng.choice(shops) for i in range(len(CITIES))])
        self._home_store = home
        self._online_stores = np.flatnonzero(stores.is_online)
        self._store_ids = stores.ids
        self._orders = 0
        self._returns = 0
        self.waiting: dict[int, list[np.ndarray]] = defaultdict(list)

    def step(self, day: int, delivery: Delivery) -> None:
        """Deliver the orders, items and returns of ``day``."""
        rng = stream(self._seed, "sales", day)
        orders = self._draw_orders(day, rng)
        items, orders = self._draw_items(day, orders, rng)
        delivery.records(ORDERS, day, [self._order_lines(day, orders)])
        delivery.records(ORDER_ITEMS, day, [self._item_lines(items)])
        delivery.records(RETURNS, day, [self._return_lines(day, rng)])
        self._plan_returns(day, items, rng)
        self._customers.last_order_day[orders["who"]] = day
        self._customers.owned[items["who"]] = items["product"]

    def _draw_orders(self, day: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        customers = self._customers
        known = customers.known(day)
        usual = known * ORDERS_A_DAY * self._calendar.sales_factor(day)
        who = pick(rng, customers.activity[:known], rng.poisson(usual * rng.lognormal(0, 0.08)))
        count = len(who)
        online = rng.random(count) < ONLINE_SHARE
        shop = self._home_store[customers.city[who]]
        abroad = rng.random(count) < 0.04
        shop[abroad] = rng.choice(self._home_store, int(abroad.sum()))
        web = rng.choice(self._online_stores, count, p=ONLINE_SHARES)
        seconds = np.clip(rng.normal(15 * 3600, 3.4 * 3600, count), 6 * 3600, DAY - 1)
        return {
            "who": who,
            "store": np.where(online, web, shop),
            "cancelled": rng.random(count) < CANCELLED_SHARE,
            "payment": _payments(rng, online, customers.is_business[who]),
            "second": np.sort(seconds.astype(np.int64)),
        }

    def _draw_items(
        self, day: int, orders: dict[str, np.ndarray], rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Fill the orders with what is in stock; orders left without an item do not happen."""
        lines = rng.choice(LINES, len(orders["who"]), p=LINE_SHARES)
        order = np.repeat(np.arange(len(lines)), lines)
        product = pick(rng, self._products.demand(day), len(order))
        bulk = orders["payment"][order] == PAYMENTS.index("invoice")
        quantity = 1 + rng.binomial(1, 0.06, len(order)) + rng.poisson(0.8, len(order)) * bulk
        store, cancelled = orders["store"][order], orders["cancelled"][order]
        kept = self._supply.sell(store, product, quantity, cancelled)
        price = self._products.prices(day)[product]
        discount = np.round(price * quantity * self._discounts(day, rng, len(order)))
        items = {
            "order": order,
            "who": orders["who"][order],
            "store": store,
            "product": product,
            "quantity": quantity,
            "price": price,
            "discount": discount.astype(np.int64),
            "cancelled": cancelled,
        }
        return self._number(items, orders, kept)

    def _number(
        self, items: dict[str, np.ndarray], orders: dict[str, np.ndarray], kept: np.ndarray
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        items = {name: values[kept] for name, values in items.items()}
        filled, first, position = np.unique(items["order"], return_index=True, return_inverse=True)
        orders = {name: values[filled] for name, values in orders.items()}
        orders["number"] = self._orders + 1 + np.arange(len(filled))
        self._orders += len(filled)
        items["number"] = orders["number"][position]
        items["line"] = np.arange(len(position)) - first[position] + 1
        return items, orders

    def _discounts(self, day: int, rng: np.random.Generator, count: int) -> np.ndarray:
        is_november = self._calendar.date(day).month == 11
        share, steps = (0.35, (0.1, 0.15, 0.2, 0.25)) if is_november else (0.12, (0.05, 0.1))
        return rng.choice(steps, count) * (rng.random(count) < share)

    def _order_lines(self, day: int, orders: dict[str, np.ndarray]) -> list[str]:
        stamps = self._calendar.stamps(orders["second"] + day * DAY)
        ids, stores = customer_ids(orders["who"]), self._store_ids
        return [
            f"O{number:09},{customer},{stores[store]},{'cancelled' if cancelled else 'completed'},"
            f"{PAYMENTS[payment]},EUR,{when}"
            for number, customer, store, cancelled, payment, when in zip(
                orders["number"].tolist(),
                ids,
                orders["store"].tolist(),
                orders["cancelled"].tolist(),
                orders["payment"].tolist(),
                stamps,
                strict=True,
            )
        ]

    def _item_lines(self, items: dict[str, np.ndarray]) -> list[str]:
        ids = self._products.ids
        columns = ("number", "product", "line", "quantity", "price", "discount")
        return [
            f"O{number:09},{ids[product]},{line},{quantity},{price},{discount}"
            for number, product, line, quantity, price, discount in zip(
                *(items[name].tolist() for name in columns), strict=True
            )
        ]

    def _plan_returns(
        self, day: int, items: dict[str, np.ndarray], rng: np.random.Generator
    ) -> None:
        chance = RETURNED_SHARE[self._products.category[items["product"]]]
        is_returned = (rng.random(len(chance)) < chance) & ~items["cancelled"]
        count = int(is_returned.sum())
        delays = np.minimum(1 + rng.geometric(0.12, count), MOST_RETURN_DAYS)
        names = ("number", "line", "quantity", "price", "discount", "store", "product")
        rows = np.column_stack([items[name][is_returned] for name in names])
        for delay in np.unique(delays).tolist():
            self.waiting[day + delay].append(rows[delays == delay])

    def _return_lines(self, day: int, rng: np.random.Generator) -> list[str]:
        waited = self.waiting.pop(day, [])
        rows = np.concatenate(waited) if waited else np.empty((0, 7), dtype=np.int64)
        reason = rng.choice(len(RETURN_REASONS), len(rows), p=REASON_SHARES)
        seconds = np.sort(rng.integers(9 * 3600, 20 * 3600, len(rows)))
        sellable = rows[reason != RETURN_REASONS.index("defective")]
        self._supply.take_back(sellable[:, 5], sellable[:, 6], sellable[:, 2])
        begin = self._returns + 1
        self._returns += len(rows)
        return [
            f"R{begin + i:08},O{row[0]:09},{RETURN_REASONS[why]},{row[1]},{row[2]},"
            f"{row[2] * row[3] - row[4]},{when}"
            for i, (row, why, when) in enumerate(
                zip(
                    rows.tolist(),
                    reason.tolist(),
                    self._calendar.stamps(seconds + day * DAY),
                    strict=True,
                )
            )
        ]


def _payments(rng: np.random.Generator, online: np.ndarray, business: np.ndarray) -> np.ndarray:
    payment = rng.choice(len(PAYMENTS), len(online), p=PAYMENT_SHARES["store"])
    web = rng.choice(len(PAYMENTS), len(online), p=PAYMENT_SHARES["online"])
    firm = rng.choice(len(PAYMENTS), len(online), p=PAYMENT_SHARES["business"])
    return np.where(business, firm, np.where(online, web, payment))
