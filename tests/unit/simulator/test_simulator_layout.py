"""The layout is stated here a second time, as the readers of the files expect it."""

import csv
import json
import re
from datetime import UTC, date, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from PIL import Image

COLUMNS = {
    "shop/customers": "customer_id full_name email phone country_code city customer_type "
    "birth_year is_marketing_opt_in signed_up_at",
    "shop/products": "product_id product_name category list_price_cents unit_cost_cents "
    "is_discontinued launched_date",
    "shop/stores": "store_id store_name channel country_code city opened_date",
    "shop/orders": "order_id customer_id store_id status payment_method currency ordered_at",
    "shop/order_items": "order_id product_id line_number quantity unit_price_cents discount_cents",
    "shop/returns": "return_id order_id reason line_number quantity refund_cents returned_at",
    "plans/subscriptions": "subscription_id customer_id product_id plan_tier "
    "monthly_price_cents started_at",
    "plans/cancellations": "subscription_id reason cancelled_at",
    "supply/inventory_snapshots": "store_id product_id on_hand_quantity reserved_quantity "
    "snapshot_date",
    "supply/purchase_orders": "purchase_order_id supplier_name status lines ordered_at "
    "expected_date received_at",
    "app/events": "event_id customer_id session_id platform task event_name seconds occurred_at",
    "support/calls": "call_id customer_id agent_id topic transcript duration_seconds "
    "satisfaction_rating is_resolved started_at",
    "repairs/requests": "repair_id customer_id product_id photo_file reported_issue "
    "damage_grade requested_at",
    "privacy/consents": "customer_id purpose is_granted recorded_at",
}
WEEKLY = ("shop/customers", "shop/products", "shop/stores")
CODES = {
    ("shop/customers", "customer_type"): {"consumer", "business"},
    ("shop/products", "category"): {"phone", "laptop", "headphones"},
    ("shop/stores", "channel"): {"store", "online"},
    ("shop/orders", "status"): {"completed", "cancelled"},
    ("shop/orders", "payment_method"): {"card", "paypal", "invoice", "cash"},
    ("shop/orders", "currency"): {"EUR"},
    ("shop/returns", "reason"): {"defective", "changed_mind", "wrong_item", "late"},
    ("plans/subscriptions", "plan_tier"): {"basic", "plus", "premium"},
    ("supply/purchase_orders", "status"): {"open", "received", "cancelled"},
    ("app/events", "platform"): {"ios", "android", "web"},
    ("app/events", "task"): {"track_order", "book_repair", "manage_plan", "pay_invoice", "browse"},
    ("app/events", "event_name"): {"task_started", "task_completed", "task_abandoned"},
    ("support/calls", "topic"): {"delivery", "repair", "billing", "plan", "setup"},
    ("repairs/requests", "damage_grade"): {"0", "1", "2", "3"},
    ("privacy/consents", "purpose"): {"marketing", "analytics", "model_training"},
}
STAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ?")


@pytest.mark.parametrize("table", COLUMNS)
def test_columns_stand_in_the_agreed_order(clean, table):
    path = clean.files(table)[-1]
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            found = next(csv.reader(file))
    elif path.suffix == ".parquet":
        found = pq.read_schema(path).names
    else:
        found = list(next(iter(clean.records(table))))[:-1]
    assert found == COLUMNS[table].split()


@pytest.mark.parametrize("table", COLUMNS)
def test_a_clean_table_has_a_file_a_day_or_a_week_named_by_its_date(clean, table):
    start, days = clean.settings.start, clean.settings.days
    every = range(0, days, 7) if table in WEEKLY else range(days)
    dates = {start + timedelta(days=day) for day in every}
    if table in WEEKLY:
        dates.add(start + timedelta(days=days - 1))
    name, suffix = table.split("/")[1], clean.files(table)[0].suffix
    named = {path.name for path in clean.files(table)}
    assert named == {f"{name}_{when.isoformat()}{suffix}" for when in dates}


@pytest.mark.parametrize(("table", "column"), CODES)
def test_codes_are_the_agreed_ones_and_all_occur(clean, table, column):
    found = {record[column] for record in clean.records(table)}
    rare = {("supply/purchase_orders", "status")}
    assert found <= CODES[table, column]
    assert found == CODES[table, column] or (table, column) in rare


def test_the_file_time_is_the_moment_of_delivery(dirty):
    for path in dirty.root.rglob("*_20*.*"):
        delivered = date.fromisoformat(re.findall(r"\d{4}-\d\d-\d\d", path.name)[-1])
        midnight = datetime(*delivered.timetuple()[:3], tzinfo=UTC) + timedelta(days=1)
        assert path.stat().st_mtime == midnight.timestamp(), path


def test_times_are_utc_text_and_fall_on_the_day_of_their_file(clean):
    moments = {
        "shop/orders": "ordered_at",
        "shop/returns": "returned_at",
        "plans/cancellations": "cancelled_at",
        "app/events": "occurred_at",
        "support/calls": "started_at",
        "repairs/requests": "requested_at",
    }
    for table, column in moments.items():
        for record in clean.records(table):
            assert STAMP.fullmatch(record[column])
            assert record[column][:10] in record["_file"]


def test_parquet_holds_integers_and_dates(clean):
    schema = pq.read_schema(clean.files("supply/inventory_snapshots")[0])
    types = [str(field.type) for field in schema]
    assert types == ["string", "string", "int32", "int32", "date32[day]"]


def test_every_repair_has_its_photo_a_readable_png(clean):
    listed = {record["photo_file"] for record in clean.records("repairs/requests")}
    photos = clean.files("repairs/photos")
    assert listed == {path.name for path in photos}
    for path in photos:
        assert re.fullmatch(r"RP\d{7}_\d{4}-\d\d-\d\d\.png", path.name)
        with Image.open(path) as image:
            image.load()
            assert image.size == (72, 72)


def test_the_summary_counts_what_is_on_disk(dirty):
    for name, count in dirty.summary.tables.items():
        files = dirty.files(name.replace(".", "/"))
        assert count.files == len(files)
        assert count.bytes == sum(path.stat().st_size for path in files)
    lines = sum(len(path.read_bytes().splitlines()) for path in dirty.files("app/events"))
    assert dirty.summary.tables["app.events"].rows == lines
    assert dirty.summary.rows == sum(c.rows for c in dirty.summary.tables.values())


def test_purchase_orders_hold_their_lines(clean):
    for order in clean.records("supply/purchase_orders"):
        assert [line["line_number"] for line in order["lines"]] == list(
            range(1, len(order["lines"]) + 1)
        )
        assert json.dumps(order["received_at"]) == "null" or order["status"] == "received"
