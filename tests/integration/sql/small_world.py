"""A small world of landed records, drawn at random, with repeats, corrections and late ones."""

import random
from datetime import date, datetime, time, timedelta
from typing import Any

START = datetime(2025, 1, 1)
DAYS = 150
CUSTOMERS = [f"C{number:07}" for number in range(1, 31)]
PRODUCTS = {"P001": ("phone", 400), "P002": ("laptop", 900), "P003": ("headphones", 50)}
STORES = ("S01", "S02")

Record = dict[str, Any]
Tables = dict[str, list[Record]]


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def build() -> Tables:
    """Landing tables of ``DAYS`` days; the same at every call."""
    rng = random.Random(11)
    tables: Tables = {
        "shop__customers": [
            {"customer_id": name, "country_code": "DE", "customer_type": "consumer",
             "signed_up_at": START - timedelta(days=9), "_delivered_at": START + timedelta(days=1)}
            for name in CUSTOMERS
        ],
        "shop__products": [
            {"product_id": name, "category": category, "unit_cost_cents": cost,
             "_delivered_at": START + timedelta(days=1)}
            for name, (category, cost) in PRODUCTS.items()
        ],
        "shop__stores": [
            {"store_id": name, "channel": "store", "_delivered_at": START + timedelta(days=1)}
            for name in STORES
        ],
    }  # fmt: skip
    tables |= _orders(rng) | _plans(rng) | {"support__calls": _calls(rng)}
    # The last day delivers something, so that the clock stands where the tests expect it.
    last = START + timedelta(days=DAYS - 1)
    tables["support__calls"].append(
        _call("LAST", CUSTOMERS[0], last + timedelta(hours=9), last + timedelta(days=1))
    )
    return {name: _with_repeats(rng, rows) for name, rows in tables.items()}


def tones(tables: Tables) -> dict[str, tuple[datetime, float]]:
    """A tone for most calls: when the call began, and the score."""
    rng = random.Random(5)
    calls = {row["call_id"]: row["started_at"] for row in tables["support__calls"]}
    return {
        name: (calls[name], round(rng.random(), 3)) for name in sorted(calls) if rng.random() < 0.8
    }


def _moment(rng: random.Random) -> datetime:
    return START + timedelta(seconds=rng.randrange((DAYS - 8) * 86_400))


def _delivery(rng: random.Random, happened: datetime) -> datetime:
    """The midnight after ``happened``; one in eight comes up to a week late."""
    late = rng.randrange(1, 8) if rng.random() < 0.125 else 0
    return midnight(happened.date()) + timedelta(days=1 + late)


def _orders(rng: random.Random) -> Tables:
    orders, items, returns = [], [], []
    for number in range(400):
        ordered = _moment(rng)
        order_id = f"O{number:04}"
        status = rng.choice(["completed"] * 5 + ["cancelled", "pending_review"])
        orders.append(
            {"order_id": order_id, "customer_id": rng.choice(CUSTOMERS), "status": status,
             "store_id": rng.choice(STORES), "payment_method": "card", "currency": "EUR",
             "ordered_at": ordered, "_delivered_at": _delivery(rng, ordered)}
        )  # fmt: skip
        for line in range(1, rng.randrange(2, 4)):
            items.append(
                {"order_id": order_id, "line_number": line,
                 "product_id": rng.choice(list(PRODUCTS)), "quantity": rng.randrange(1, 4),
                 "unit_price_cents": rng.randrange(100, 2000),
                 "discount_cents": rng.randrange(0, 100), "_delivered_at": _delivery(rng, ordered)}
            )  # fmt: skip
        if rng.random() < 0.1:
            returned = ordered + timedelta(days=2)
            returns.append(
                {"return_id": f"T{number:04}", "order_id": order_id, "line_number": 1,
                 "reason": "defective", "quantity": 1, "refund_cents": rng.randrange(50, 90),
                 "returned_at": returned, "_delivered_at": _delivery(rng, returned)}
            )  # fmt: skip
    return {"shop__orders": orders, "shop__order_items": items, "shop__returns": returns}


def _plans(rng: random.Random) -> Tables:
    plans, ended = [], []
    for number in range(60):
        started = START + timedelta(hours=rng.randrange(-3000, 1500))
        plan_id = f"B{number:03}"
        plans.append(
            {"subscription_id": plan_id, "customer_id": rng.choice(CUSTOMERS),
             "product_id": rng.choice(list(PRODUCTS)), "plan_tier": rng.choice(["basic", "plus"]),
             "monthly_price_cents": rng.randrange(400, 1500), "started_at": started,
             "_delivered_at": _delivery(rng, max(started, START))}
        )  # fmt: skip
        if rng.random() < 0.6:
            cancelled = max(started, START) + timedelta(hours=rng.randrange(24, 2000))
            ended.append(
                {"subscription_id": plan_id, "reason": "price", "cancelled_at": cancelled,
                 "_delivered_at": _delivery(rng, cancelled)}
            )  # fmt: skip
    return {"plans__subscriptions": plans, "plans__cancellations": ended}


def _calls(rng: random.Random) -> list[Record]:
    rows = []
    for number in range(250):
        started = _moment(rng)
        delivered = _delivery(rng, started)
        row = _call(f"L{number:03}", rng.choice(CUSTOMERS), started, delivered)
        row["is_resolved"] = rng.random() < 0.5
        rows.append(row)
        if rng.random() < 0.1:
            rows.append(row | {"is_resolved": True, "_delivered_at": delivered + timedelta(days=9)})
    return rows


def _call(call_id: str, customer: str, started: datetime, delivered: datetime) -> Record:
    return {
        "call_id": call_id, "customer_id": customer, "agent_id": "A1", "topic": "billing",
        "transcript": "hello", "duration_seconds": 60, "is_resolved": True,
        "started_at": started, "_delivered_at": delivered,
    }  # fmt: skip


def _with_repeats(rng: random.Random, rows: list[Record]) -> list[Record]:
    """The rows, some of them delivered a second time, at once or days later."""
    again = [
        row | {"_delivered_at": row["_delivered_at"] + timedelta(days=rng.choice([0, 0, 3]))}
        for row in rows
        if rng.random() < 0.1
    ]
    return rows + again
