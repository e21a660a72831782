from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest

from simulator.settings import Settings
from simulator.world import simulate

REFERENCES = [
    ("shop/orders", "customer_id", "shop/customers"),
    ("shop/orders", "store_id", "shop/stores"),
    ("shop/order_items", "order_id", "shop/orders"),
    ("shop/order_items", "product_id", "shop/products"),
    ("shop/returns", "order_id", "shop/orders"),
    ("plans/subscriptions", "customer_id", "shop/customers"),
    ("plans/subscriptions", "product_id", "shop/products"),
    ("plans/cancellations", "subscription_id", "plans/subscriptions"),
    ("supply/inventory_snapshots", "store_id", "shop/stores"),
    ("supply/inventory_snapshots", "product_id", "shop/products"),
    ("app/events", "customer_id", "shop/customers"),
    ("support/calls", "customer_id", "shop/customers"),
    ("repairs/requests", "customer_id", "shop/customers"),
    ("repairs/requests", "product_id", "shop/products"),
    ("privacy/consents", "customer_id", "shop/customers"),
]
KEYS = {
    "shop/orders": ("order_id",),
    "shop/order_items": ("order_id", "line_number"),
    "shop/returns": ("return_id",),
    "plans/subscriptions": ("subscription_id",),
    "plans/cancellations": ("subscription_id",),
    "supply/inventory_snapshots": ("store_id", "product_id", "snapshot_date"),
    "app/events": ("event_id",),
    "support/calls": ("call_id",),
    "repairs/requests": ("repair_id",),
    "privacy/consents": ("customer_id", "purpose", "recorded_at"),
}


@pytest.mark.parametrize(("table", "column", "parent"), REFERENCES)
def test_without_dirt_every_reference_is_kept(clean, table, column, parent):
    known = {record[column] for record in clean.records(parent)}
    assert {record[column] for record in clean.records(table)} <= known


@pytest.mark.parametrize("table", KEYS)
def test_without_dirt_every_key_is_unique(clean, table):
    keys = Counter(tuple(r[c] for c in KEYS[table]) for r in clean.records(table))
    assert keys.most_common(1)[0][1] == 1


def test_nothing_happens_to_a_customer_before_signing_up(clean):
    signed_up = {r["customer_id"]: r["signed_up_at"] for r in clean.records("shop/customers")}
    for table, column in (
        ("shop/orders", "ordered_at"),
        ("plans/subscriptions", "started_at"),
        ("app/events", "occurred_at"),
        ("support/calls", "started_at"),
    ):
        for record in clean.records(table):
            moment = record[column].replace("T", " ").rstrip("Z")
            assert moment >= signed_up[record["customer_id"]]


def test_customers_grow_from_a_base_that_reaches_years_back(tmp_path):
    summary = simulate(Settings(days=365, customers=40, dirt=0.0), tmp_path / "year")
    assert summary.tables["shop.customers"].files == 53
    first, last = sorted((tmp_path / "year/shop/customers").iterdir())[::52]
    assert len(last.read_text().splitlines()) - 1 == 40
    assert 20 <= len(first.read_text().splitlines()) - 1 <= 26
    oldest = min(line.rsplit(",", 1)[1] for line in first.read_text().splitlines()[1:])
    assert oldest < "2023"


def test_a_return_gives_back_what_was_bought_and_paid(clean):
    bought = {(r["order_id"], r["line_number"]): r for r in clean.records("shop/order_items")}
    orders = {r["order_id"]: r for r in clean.records("shop/orders")}
    returns = clean.records("shop/returns")
    assert len(returns) > 20
    for record in returns:
        item = bought[record["order_id"], record["line_number"]]
        paid = int(item["quantity"]) * int(item["unit_price_cents"]) - int(item["discount_cents"])
        assert (record["quantity"], int(record["refund_cents"])) == (item["quantity"], paid)
        order = orders[record["order_id"]]
        assert order["status"] == "completed"
        assert record["returned_at"] > order["ordered_at"]


def test_stock_moves_with_sales_returns_and_receipts(clean):
    """Brute force over all days, each product over all stores; stores alone but for receipts."""
    stock, reserved = defaultdict(int), defaultdict(int)
    for row in clean.records("supply/inventory_snapshots"):
        assert 0 <= row["reserved_quantity"] <= row["on_hand_quantity"]
        stock[row["product_id"], row["snapshot_date"]] += row["on_hand_quantity"]
        reserved[row["product_id"], row["snapshot_date"]] += row["reserved_quantity"]
    moved = _moves(clean)
    start = clean.settings.start
    products = {product for product, _ in stock}
    for day in range(1, clean.settings.days):
        before, today = start + timedelta(days=day - 1), start + timedelta(days=day)
        for product in products:
            expected = (
                stock[product, before] - reserved[product, before] + moved["shelf", product, today]
            )
            assert stock[product, today] == expected, (product, today)
            assert reserved[product, today] == moved["online", product, today]


def _moves(clean) -> Counter:
    """Pieces by (shelf or online, product, date)."""
    channels = {r["store_id"]: r["channel"] for r in clean.records("shop/stores")}
    orders = {r["order_id"]: r for r in clean.records("shop/orders")}
    moved: Counter = Counter()
    items = {}
    for item in clean.records("shop/order_items"):
        items[item["order_id"], item["line_number"]] = item["product_id"]
        order = orders[item["order_id"]]
        if order["status"] == "completed":
            when = date.fromisoformat(order["ordered_at"][:10])
            is_online = channels[order["store_id"]] == "online"
            place, sign = ("online", 1) if is_online else ("shelf", -1)
            moved[place, item["product_id"], when] += sign * int(item["quantity"])
    for record in clean.records("shop/returns"):
        if record["reason"] != "defective":
            product = items[record["order_id"], record["line_number"]]
            when = date.fromisoformat(record["returned_at"][:10])
            moved["shelf", product, when] += int(record["quantity"])
    for order in clean.records("supply/purchase_orders"):
        if order["status"] == "received":
            when = date.fromisoformat(order["received_at"][:10])
            for line in order["lines"]:
                moved["shelf", line["product_id"], when] += line["quantity"]
    return moved


def test_a_purchase_order_is_delivered_open_and_again_when_it_closes(clean):
    states = defaultdict(list)
    for order in clean.records("supply/purchase_orders"):
        states[order["purchase_order_id"]].append(order["status"])
    assert {tuple(found) for found in states.values()} <= {
        ("open",),
        ("open", "received"),
        ("open", "cancelled"),
    }
    assert sum(len(found) == 2 for found in states.values()) > 0.5 * len(states)


def test_a_task_starts_once_and_ends_once_in_order(clean):
    started, ended = Counter(), Counter()
    for event in clean.records("app/events"):
        task = (event["session_id"], event["task"])
        if event["event_name"] == "task_started":
            assert event["seconds"] is None
            started[task] += 1
        else:
            assert event["seconds"] > 0
            ended[task] += 1
            assert ended[task] <= started[task]
    assert started == ended


def test_a_customer_has_one_plan_at_a_time_and_some_come_back(clean):
    ends = {r["subscription_id"]: r["cancelled_at"] for r in clean.records("plans/cancellations")}
    plans = defaultdict(list)
    for plan in clean.records("plans/subscriptions"):
        plans[plan["customer_id"]].append(plan)
    for owned in plans.values():
        for plan, following in zip(owned, owned[1:], strict=False):
            assert ends[plan["subscription_id"]] < following["started_at"]
    starts = {p["subscription_id"]: p["started_at"] for ps in plans.values() for p in ps}
    assert all(starts[number] < end for number, end in ends.items())
    customers = {r["customer_id"] for r in clean.records("shop/customers")}
    assert 0.5 < len(plans) / len(customers) < 0.75


def test_calls_follow_what_happened_to_the_customer(clean):
    def share_of(topic: str, table: str) -> float:
        them = {r["customer_id"] for r in clean.records(table)}
        calls = [c for c in clean.records("support/calls") if c["topic"] == topic]
        return sum(c["customer_id"] in them for c in calls) / len(calls)

    customers = {r["customer_id"] for r in clean.records("shop/customers")}
    repaired = {r["customer_id"] for r in clean.records("repairs/requests")}
    assert share_of("repair", "repairs/requests") > 5 * len(repaired) / len(customers)
    assert share_of("delivery", "shop/orders") > 0.9


def test_a_third_of_calls_is_rated_and_some_consents_are_withdrawn(clean):
    calls = clean.records("support/calls")
    rated = [c["satisfaction_rating"] for c in calls if c["satisfaction_rating"] is not None]
    assert 0.27 < len(rated) / len(calls) < 0.40
    assert set(rated) == {1, 2, 3, 4, 5}
    assert 0.2 < sum(rating <= 2 for rating in rated) / len(rated) < 0.4
    history = defaultdict(list)
    for consent in clean.records("privacy/consents"):
        history[consent["customer_id"], consent["purpose"]].append(consent["is_granted"])
    assert any(found[:2] == ["true", "false"] for found in history.values())


def test_a_tiny_world_works(tmp_path):
    summary = simulate(Settings(days=9, customers=1, dirt=1.0), tmp_path / "tiny")
    assert summary.tables["shop.customers"].rows >= 1
    assert summary.spoiled["duplicate"] > 0
