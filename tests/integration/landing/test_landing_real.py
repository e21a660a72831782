"""Real files, where they are: loaded whole, once, and day by day."""

import csv
import shutil
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.integration.landing.loading import Loading, declare

RETAIL = declare(
    {
        "InvoiceNo": "varchar",
        "StockCode": "varchar",
        "Description": "varchar",
        "Quantity": "integer",
        "InvoiceDate": "timestamp",
        "UnitPrice": "decimal(12,3)",
        "CustomerID": "varchar",
        "Country": "varchar",
    },
    "*.csv",
    "csv",
    name="retail.lines",
    key=["InvoiceNo", "StockCode"],
)


def _from(data: Path, name: str, loading: Loading) -> Path:
    """Point the loading at real files; skip where they are not."""
    folder = data / name
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} does not exist")
    loading.root = folder
    return folder


def test_a_year_of_daily_sales_is_loaded_whole_and_once(loading: Loading, data: Path) -> None:
    folder = _from(data, "online_retail/by-day", loading)
    report = loading.one(RETAIL)
    counts, pieces, worth = {}, 0, Decimal(0)
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            lines = list(csv.DictReader(stream))
        counts[path.name] = len(lines)
        pieces += sum(int(line["Quantity"]) for line in lines)
        worth += sum(int(line["Quantity"]) * Decimal(line["UnitPrice"]) for line in lines)
    assert (report.rows, report.rejected) == (sum(counts.values()), 0)
    assert report.rows == 541_909
    assert dict(loading.files("file, loaded")) == counts
    summed = 'sum("Quantity"), sum("Quantity" * "UnitPrice")'
    assert loading.rows(f"select {summed} from landing.retail__lines") == [(pieces, worth)]
    again = loading.one(RETAIL)
    assert (again.files_skipped, again.files_loaded, again.rows) == (305, 0, 0)


def test_a_day_that_comes_later_is_loaded_alone(loading: Loading, data: Path) -> None:
    landing = loading.root
    days = sorted(_from(data, "online_retail/by-day", loading).glob("*.csv"))[:4]
    loading.root = landing
    for day in days[:3]:
        shutil.copy2(day, landing)
    first = loading.one(RETAIL)
    shutil.copy2(days[3], landing)
    later = loading.one(RETAIL)
    assert (first.files_loaded, later.files_loaded, later.files_skipped) == (3, 1, 3)
    delivered = loading.rows(
        "select distinct _delivered_at from landing.retail__lines order by all desc limit 1"
    )
    assert delivered[0][0] > datetime.fromisoformat(days[3].stem)


def test_photos_are_loaded_as_their_bytes(loading: Loading, data: Path) -> None:
    folder = _from(data, "phone_screens", loading)
    photos = declare(
        {"content": "blob", "size_bytes": "bigint"}, "*/*.jp*g", "blob", name="screens.photos"
    )
    report = loading.one(photos)
    paths = [path for path in folder.glob("*/*") if path.match("*.jp*g")]
    assert report.loaded == len(paths) > 100
    total = sum(path.stat().st_size for path in paths)
    sums = "sum(size_bytes), sum(octet_length(content))"
    assert loading.rows(f"select {sums} from landing.screens__photos") == [(total, total)]


def test_reviews_are_loaded_as_whole_texts(loading: Loading, data: Path) -> None:
    folder = _from(data, "electronics_reviews", loading)
    reviews = declare({"content": "varchar"}, "*.review", "text", name="reviews.files")
    loading.one(reviews)
    assert loading.table(reviews, "content, _file") == [
        (path.read_bytes().decode(), path.name) for path in sorted(folder.glob("*.review"))
    ]
