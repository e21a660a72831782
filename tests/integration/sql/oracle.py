"""The shipped models' rules once more, as loops over landed records: slow, plain, independent."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from tests.integration.sql.small_world import PRODUCTS, Record, Tables, midnight

Key = tuple[str, date]


def known(rows: list[Record], key: str | tuple[str, ...], moment: datetime) -> list[Record]:
    """What was known of each key at ``moment``: its last delivery until then."""
    names = (key,) if isinstance(key, str) else key
    latest: dict[tuple[Any, ...], Record] = {}
    for row in sorted(rows, key=lambda row: row["_delivered_at"]):
        if row["_delivered_at"] <= moment:
            latest[tuple(row[name] for name in names)] = row
    return list(latest.values())


def clock(tables: Tables) -> date:
    """The day of the last delivery."""
    return max(row["_delivered_at"] for rows in tables.values() for row in rows).date()


def as_of_dates(tables: Tables) -> list[date]:
    """The month starts after the first delivery, and the clock."""
    first = min(row["_delivered_at"] for rows in tables.values() for row in rows).date()
    today = clock(tables)
    days = [first + timedelta(days=day) for day in range(1, (today - first).days + 1)]
    return [day for day in days if day.day == 1 or day == today]


def running(tables: Tables, day: date) -> dict[str, list[Record]]:
    """Plans by customer that ran at the start of ``day`` as far as was known."""
    start = midnight(day)
    ended = {
        row["subscription_id"]
        for row in known(tables["plans__cancellations"], "subscription_id", start)
        if row["cancelled_at"] < start
    }
    plans: dict[str, list[Record]] = defaultdict(list)
    for row in known(tables["plans__subscriptions"], "subscription_id", start):
        if row["started_at"] < start and row["subscription_id"] not in ended:
            plans[row["customer_id"]].append(row)
    return plans


def features(tables: Tables, tones: dict[str, tuple[datetime, float]]) -> dict[Key, Record]:
    """Features of the customers with a running plan, by customer and date."""
    found = {}
    for day in as_of_dates(tables):
        calls, spent = _calls(tables, day, tones), _orders(tables, day)
        for customer, plans in running(tables, day).items():
            oldest = min(plan["started_at"] for plan in plans).date()
            found[customer, day] = {
                "running_plans": len(plans),
                "monthly_price_cents": sum(plan["monthly_price_cents"] for plan in plans),
                "tenure_days": (day - oldest).days,
                **calls[customer],
                **spent[customer],
            }
    return found


def _calls(
    tables: Tables, day: date, tones: dict[str, tuple[datetime, float]]
) -> defaultdict[str, Record]:
    nothing = {
        "calls_90_days": 0,
        "unresolved_calls_90_days": 0,
        "call_seconds_90_days": 0,
        "negative_tone_90_days": None,
    }
    start, by_customer = midnight(day), defaultdict(list)
    for row in known(tables["support__calls"], "call_id", start):
        if start - timedelta(days=90) <= row["started_at"] < start:
            by_customer[row["customer_id"]].append(row)
    found = defaultdict(lambda: nothing)
    for customer, rows in by_customer.items():
        heard = [tones[row["call_id"]][1] for row in rows if row["call_id"] in tones]
        found[customer] = {
            "calls_90_days": len(rows),
            "unresolved_calls_90_days": sum(not row["is_resolved"] for row in rows),
            "call_seconds_90_days": sum(row["duration_seconds"] for row in rows),
            "negative_tone_90_days": sum(heard) / len(heard) if heard else None,
        }
    return found


def _orders(tables: Tables, day: date) -> defaultdict[str, Record]:
    start = midnight(day)
    since = start - timedelta(days=180)
    lines: Counter[str] = Counter()
    for row in known(tables["shop__order_items"], ("order_id", "line_number"), start):
        lines[row["order_id"]] += row["quantity"] * row["unit_price_cents"] - row["discount_cents"]
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    buyers = {}
    for row in known(tables["shop__orders"], "order_id", start):
        buyers[row["order_id"]] = row["customer_id"]
        if row["status"] == "completed" and since <= row["ordered_at"] < start:
            found[row["customer_id"]]["orders_180_days"] += 1
            found[row["customer_id"]]["spend_180_days_cents"] += lines[row["order_id"]]
    for row in known(tables["shop__returns"], "return_id", start):
        if row["order_id"] in buyers and since <= row["returned_at"] < start:
            found[buyers[row["order_id"]]]["returns_180_days"] += 1
            found[buyers[row["order_id"]]]["refund_180_days_cents"] += row["refund_cents"]
    names = "orders_180_days spend_180_days_cents returns_180_days refund_180_days_cents".split()
    complete: defaultdict[str, Record] = defaultdict(lambda: dict.fromkeys(names, 0))
    for customer, sums in found.items():
        complete[customer] = {name: sums[name] for name in names}
    return complete


def labels(tables: Tables) -> dict[Key, bool]:
    """Whether all plans truly running on a date were cancelled within the 30 days after it."""
    today = clock(tables)
    ends = {
        row["subscription_id"]: row["cancelled_at"]
        for row in known(tables["plans__cancellations"], "subscription_id", datetime.max)
    }
    found = {}
    for day in as_of_dates(tables):
        if day + timedelta(days=30) > today:
            continue
        start = midnight(day)
        for customer, plans in running(tables, day).items():
            left = [ends.get(plan["subscription_id"], datetime.max) for plan in plans]
            at_risk = [moment for moment in left if moment >= start]
            if at_risk:
                found[customer, day] = max(at_risk) < start + timedelta(days=30)
    return found


def sales(tables: Tables) -> dict[tuple[str, str, date], tuple[int, int, int]]:
    """Pieces, revenue and margin of completed orders by store, category and day."""
    orders = {
        row["order_id"]: row for row in known(tables["shop__orders"], "order_id", datetime.max)
    }
    sums: dict[tuple[str, str, date], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in known(tables["shop__order_items"], ("order_id", "line_number"), datetime.max):
        order = orders[row["order_id"]]
        if order["status"] != "completed":
            continue
        category, cost = PRODUCTS[row["product_id"]]
        revenue = row["quantity"] * row["unit_price_cents"] - row["discount_cents"]
        total = sums[order["store_id"], category, order["ordered_at"].date()]
        total[0] += row["quantity"]
        total[1] += revenue
        total[2] += revenue - row["quantity"] * cost
    return {key: (total[0], total[1], total[2]) for key, total in sums.items()}
