"""Stock of each store and product, and the purchase orders that fill it up.

At the end of day d, for each product over all stores (and each store, but for the receipts):
on hand(d) = on hand(d-1) - reserved(d-1) - sold in stores(d) + returned unharmed(d) + received(d);
reserved(d) = sold online on d, which leaves the shelf the next morning.
"""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from simulator.catalog import Products, Stores
from simulator.clock import DAY, Calendar
from simulator.delivery import Delivery
from simulator.names import SUPPLIERS
from simulator.streams import stream
from simulator.tables import INVENTORY, PURCHASE_ORDERS

CARRIED_SHARE = 0.7
LEAD_DAYS = 8
REORDER_DAYS, TARGET_DAYS = 14, 28
REVIEW_EVERY_DAYS = 3
CANCELLED_SHARE = 0.03
SAFETY_PIECES = 2


@dataclass
class PurchaseOrder:
    """An order to a supplier; ``pieces`` (stores, products) is where its goods will go."""

    number: int
    supplier: int
    ordered_at: str
    expected: str
    closes: int
    is_cancelled: bool
    pieces: np.ndarray
    lines: str

    def record(self, status: str, received_at: str | None) -> str:
        """Return the order as a JSON object."""
        received = f'"{received_at}"' if received_at else "null"
        return (
            f'{{"purchase_order_id":"PO{self.number:06}",'
            f'"supplier_name":{json.dumps(SUPPLIERS[self.supplier])},"status":"{status}",'
            f'"lines":{self.lines},"ordered_at":"{self.ordered_at}",'
            f'"expected_date":"{self.expected}","received_at":{received}}}'
        )


class Supply:
    """Stock arrays are (stores, products), in pieces."""

    def __init__(
        self, seed: int, calendar: Calendar, products: Products, stores: Stores, shares: np.ndarray
    ) -> None:
        rng = stream(seed, "supply")
        shape = (len(stores.ids), len(products.ids))
        self._seed = seed
        self._calendar = calendar
        self._products = products
        self._stores = stores
        self._shares = shares
        self._carried = (rng.random(shape) < CARRIED_SHARE) | stores.is_online[:, None]
        self._is_online = stores.is_online
        self.on_hand = np.zeros(shape, dtype=np.int64)
        self.reserved = np.zeros(shape, dtype=np.int64)
        self._on_order = np.zeros(shape, dtype=np.int64)
        self.open_orders: list[PurchaseOrder] = []
        self._numbers = 0
        self._daily_lines = 0.0

    def open_day(self, day: int, daily_lines: float) -> None:
        """Send off what was reserved. ``daily_lines`` is the demand expected on a usual day."""
        self._daily_lines = daily_lines
        self.on_hand -= self.reserved
        self.reserved[:] = 0
        if day == 0:
            self.on_hand += self._wanted(day, TARGET_DAYS)

    def sell(
        self, store: np.ndarray, product: np.ndarray, pieces: np.ndarray, cancelled: np.ndarray
    ) -> np.ndarray:
        """Sell lines in their order as far as stock goes; return which lines could be sold.

        A cancelled line needs stock as any other, and leaves it as it was.
        """
        cell = store * self.on_hand.shape[1] + product
        order = np.argsort(cell, kind="stable")
        total = np.cumsum(pieces[order])
        begins = np.flatnonzero(np.diff(cell[order], prepend=-1))
        before = np.repeat((total - pieces[order])[begins], np.diff(np.append(begins, len(order))))
        is_kept = np.zeros(len(cell), dtype=bool)
        is_kept[order] = total - before <= self.on_hand.reshape(-1)[cell[order]]
        gone = is_kept & ~cancelled
        online = self._is_online[store]
        np.add.at(self.reserved.reshape(-1), cell[gone & online], pieces[gone & online])
        np.subtract.at(self.on_hand.reshape(-1), cell[gone & ~online], pieces[gone & ~online])
        return is_kept

    def take_back(self, store: np.ndarray, product: np.ndarray, pieces: np.ndarray) -> None:
        """Put returned goods back on the shelf."""
        np.add.at(self.on_hand, (store, product), pieces)

    def close_day(self, day: int, delivery: Delivery) -> None:
        """Receive and place purchase orders, and deliver the day's files."""
        rng = stream(self._seed, "supply", day)
        records = self._close_orders(day, rng) + self._place_orders(day, rng)
        delivery.records(PURCHASE_ORDERS, day, [records])
        delivery.columns(INVENTORY, day, self._snapshot(day))

    def _wanted(self, day: int, days: int) -> np.ndarray:
        """Stock that serves ``days`` days of the demand expected a lead time after ``day``."""
        then = day + LEAD_DAYS
        season = self._calendar.sales_factor(then - self._calendar.date(then).weekday())
        demand = self._shares[:, None] * self._products.demand(then)[None, :]
        pieces = np.ceil(demand * self._daily_lines * season * days * 1.2) + SAFETY_PIECES
        return (pieces * self._carried * (demand > 0)).astype(np.int64)

    def _close_orders(self, day: int, rng: np.random.Generator) -> list[str]:
        due = [order for order in self.open_orders if order.closes == day]
        self.open_orders = [order for order in self.open_orders if order.closes != day]
        records = []
        for order in due:
            self._on_order -= order.pieces
            if order.is_cancelled:
                records.append(order.record("cancelled", None))
                continue
            self.on_hand += order.pieces
            second = np.array([day * DAY + rng.integers(6 * 3600, 10 * 3600)])
            records.append(order.record("received", self._calendar.json_stamps(second)[0]))
        return records

    def _place_orders(self, day: int, rng: np.random.Generator) -> list[str]:
        position = self.on_hand - self.reserved + self._on_order
        is_low = position < self._wanted(day, REORDER_DAYS)
        missing = np.where(is_low, self._wanted(day, TARGET_DAYS) - position, 0)
        records = []
        for supplier in range(len(SUPPLIERS)):
            pieces = missing * (self._products.supplier == supplier)[None, :]
            if (day + supplier) % REVIEW_EVERY_DAYS or not pieces.any():
                continue
            order = self._new_order(day, supplier, pieces, rng)
            self._on_order += pieces
            self.open_orders.append(order)
            records.append(order.record("open", None))
        return records

    def _new_order(
        self, day: int, supplier: int, pieces: np.ndarray, rng: np.random.Generator
    ) -> PurchaseOrder:
        lead = int(rng.integers(LEAD_DAYS - 3, LEAD_DAYS + 4))
        delay = int(rng.integers(1, 6)) if rng.random() < 0.2 else 0
        totals = pieces.sum(axis=0)
        lines = [
            {
                "line_number": number,
                "product_id": self._products.ids[product],
                "quantity": int(totals[product]),
                "unit_cost_cents": int(self._products.cost[product]),
            }
            for number, product in enumerate(np.flatnonzero(totals).tolist(), start=1)
        ]
        self._numbers += 1
        second = np.array([day * DAY + rng.integers(15 * 3600, 18 * 3600)])
        return PurchaseOrder(
            number=self._numbers,
            supplier=supplier,
            ordered_at=self._calendar.json_stamps(second)[0],
            expected=self._calendar.text(day + lead),
            closes=day + lead + delay,
            is_cancelled=bool(rng.random() < CANCELLED_SHARE),
            pieces=pieces,
            lines=json.dumps(lines, separators=(",", ":")),
        )

    def _snapshot(self, day: int) -> pa.Table:
        known = self._products.launched <= day
        store, product = np.nonzero((self._carried & known[None, :]) | (self.on_hand > 0))
        columns = {
            "store_id": pa.array([self._stores.ids[i] for i in store.tolist()]),
            "product_id": pa.array([self._products.ids[i] for i in product.tolist()]),
            "on_hand_quantity": pa.array(self.on_hand[store, product], pa.int32()),
            "reserved_quantity": pa.array(self.reserved[store, product], pa.int32()),
            "snapshot_date": pa.array([self._calendar.date(day)] * len(store), pa.date32()),
        }
        return pa.table(columns)
