"""Online retail: daily files in two goes, a mart to the tenth of a penny, a split by time."""

import csv
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from sklearn.metrics import roc_auc_score

# A year of files in two goes takes a minute and more.
pytestmark = pytest.mark.soak

FIRST_FILES = 250


@dataclass(frozen=True)
class Line:
    """One line as Python's own reader reads it."""

    invoice: str
    customer: str
    country: str
    quantity: int
    amount: Decimal
    at: datetime


@dataclass(frozen=True)
class Runs:
    """The project after both runs, and what its warehouse held after the first."""

    project: Path
    files: dict[str, datetime]
    content: dict[str, tuple[int, int]]


@pytest.fixture(scope="module")
def by_day(real_data) -> Path:
    return real_data("online_retail") / "by-day"


@pytest.fixture(scope="module")
def lines(by_day) -> list[Line]:
    found = []
    for path in sorted(by_day.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += [_line(row) for row in csv.DictReader(file)]
    return found


@pytest.fixture(scope="module")
def runs(by_day, tmp_path_factory, copy_example, run_loop, read_current) -> Runs:
    """Run over the first files, let the others land, run again."""
    landing, project = tmp_path_factory.mktemp("by-day"), copy_example("online_retail")
    paths = sorted(by_day.glob("*.csv"))
    for path in paths[:FIRST_FILES]:
        shutil.copyfile(path, landing / path.name)
    run_loop(project, landing)
    with read_current(project) as warehouse:
        files, content = _files(warehouse), _content(warehouse)
    for path in paths[FIRST_FILES:]:
        shutil.copyfile(path, landing / path.name)
    run_loop(project, landing)
    return Runs(project, files, content)


@pytest.fixture
def warehouse(runs, read_current) -> Iterator[duckdb.DuckDBPyConnection]:
    with read_current(runs.project) as connection:
        yield connection


def test_a_second_run_loads_only_the_new_files_and_leaves_the_others_as_they_were(warehouse, runs):
    files, content = _files(warehouse), _content(warehouse)
    assert (len(runs.files), len(files)) == (FIRST_FILES, 305)
    assert {file: files[file] for file in runs.files} == runs.files
    assert {file: content[file] for file in runs.content} == runs.content
    assert min(files[file] for file in files.keys() - runs.files) > max(runs.files.values())
    counted = warehouse.sql("select sum(rows), sum(loaded), sum(rejected) from landing.files")
    assert counted.fetchone() == (541_909, 541_909, 0)


def test_a_file_was_delivered_at_the_end_of_the_day_in_its_name(warehouse):
    assert warehouse.sql(
        "select count(*) from landing.retail__invoice_lines "
        "where _delivered_at <> cast(InvoiceDate as date) + 1"
    ).fetchone() == (0,)


def test_the_sales_mart_equals_the_sums_of_the_files(warehouse, lines):
    mart = {
        (month, country): (*counts, gross, cancelled, adjusted, net)
        for month, country, *counts, gross, cancelled, adjusted, net in warehouse.sql(
            "select sales_month, country, invoice_lines, invoices, customers, "
            "lines_without_customer, quantity, gross_sales_gbp, cancellations_gbp, "
            "adjustments_gbp, net_sales_gbp from gold.rpt_sales_monthly"
        ).fetchall()
    }
    assert mart == _sums(lines)


def test_every_line_is_kept_and_labelled(warehouse):
    assert warehouse.sql(
        "select count(*), count(*) filter (line_type = 'cancellation'), "
        "count(*) filter (not has_customer), count(*) filter (is_repeated) "
        "from silver.slv_sales__invoice_lines"
    ).fetchone() == (541_909, 9_288, 135_080, 5_268)


def test_features_know_the_past_only_and_labels_the_next_sixty_days(warehouse, lines):
    bought = _purchases(lines)
    rows = warehouse.sql(
        "select customer_id, as_of_date, purchases, recency_days, tenure_days, spent_gbp, "
        "is_repeat_purchase from gold.trn_repeat_purchase"
    ).fetchall()
    assert len(rows) > 20_000
    assert {as_of for _, as_of, *_ in rows} == {date(2011, month, 1) for month in range(1, 11)}
    wrong = [row for row in rows if row[2:] != _expected(bought[row[0]], row[1])]
    assert wrong == []


def test_the_model_beats_recency_on_the_latest_customers(warehouse):
    version, test_from, test_rows = warehouse.sql(
        "select version, test_from, test_rows from ml.model_versions where status = 'champion'"
    ).fetchone()
    held = warehouse.execute(
        "select training.is_repeat_purchase, told.score, -training.recency_days "
        "from gold.trn_repeat_purchase as training "
        "inner join predictions.repeat_purchase as told using (customer_id, as_of_date) "
        "where told.model_version = ? and as_of_date >= ?",
        [version, test_from],
    ).fetchall()
    bought, scores, recency = zip(*held, strict=True)
    model, baseline = roc_auc_score(bought, scores), roc_auc_score(bought, recency)

    assert len(held) == test_rows
    assert _auc(warehouse, version, "test") == pytest.approx(model, abs=1e-9)
    assert _auc(warehouse, version, "baseline") == pytest.approx(baseline, abs=1e-9)
    assert model >= baseline + 0.05
    later = warehouse.execute(
        "select count(*) from gold.trn_repeat_purchase where as_of_date >= ?", [test_from]
    ).fetchone()
    assert later == (test_rows,)


def test_the_outlook_counts_buyers_only_where_the_sixty_days_are_over(warehouse):
    outlook = warehouse.sql(
        "select as_of_date, sum(customers), sum(actual_buyers) "
        "from gold.rpt_repeat_purchase_outlook group by as_of_date order by as_of_date"
    ).fetchall()
    actual = dict(
        warehouse.sql(
            "select as_of_date, count(*) filter (is_repeat_purchase) "
            "from gold.trn_repeat_purchase group by as_of_date"
        ).fetchall()
    )
    scored = dict(
        warehouse.sql(
            "select as_of_date, count(*) from gold.ftr_customers group by as_of_date"
        ).fetchall()
    )
    assert outlook == [(as_of, scored[as_of], actual.get(as_of)) for as_of in sorted(scored)]
    assert [as_of for as_of, _, buyers in outlook if buyers is None] == [
        date(2011, 11, 1),
        date(2011, 12, 1),
    ]


def test_the_unit_tests_of_the_sql_pass(runs, unit_tests):
    done = unit_tests(runs.project)
    assert done.returncode == 0, done.stdout


def _line(row: dict[str, str]) -> Line:
    return Line(
        row["InvoiceNo"],
        row["CustomerID"].removesuffix(".0"),
        row["Country"],
        int(row["Quantity"]),
        int(row["Quantity"]) * Decimal(row["UnitPrice"]),
        datetime.fromisoformat(row["InvoiceDate"]),
    )


def _files(warehouse: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    return dict(warehouse.sql("select file, loaded_at from landing.files").fetchall())


def _content(warehouse: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    rows = warehouse.sql(
        "select _file, count(*), bit_xor(hash(lines)) from landing.retail__invoice_lines as lines "
        "group by _file"
    ).fetchall()
    return {file: (count, content) for file, count, content in rows}


def _sums(lines: list[Line]) -> dict[tuple[date, str], tuple]:
    groups = defaultdict(list)
    for line in lines:
        groups[(line.at.date().replace(day=1), line.country)].append(line)
    return {group: _sum(members) for group, members in groups.items()}


def _sum(lines: list[Line]) -> tuple:
    cancelled = [line for line in lines if line.invoice.startswith("C")]
    adjusted = [line for line in lines if line.invoice.startswith("A")]
    sold = [line for line in lines if line.invoice[0] not in "CA" and line.amount]
    return (
        len(lines),
        len({line.invoice for line in sold}),
        len({line.customer for line in lines if line.customer}),
        sum(not line.customer for line in lines),
        sum(line.quantity for line in lines),
        sum((line.amount for line in sold), Decimal(0)),
        sum((line.amount for line in cancelled), Decimal(0)),
        sum((line.amount for line in adjusted), Decimal(0)),
        sum((line.amount for line in lines), Decimal(0)),
    )


def _purchases(lines: list[Line]) -> dict[str, list[tuple[date, Decimal]]]:
    """The day and the amount of each paid invoice, by customer."""
    invoices = defaultdict(list)
    for line in lines:
        if line.customer and line.invoice[0] not in "CA":
            invoices[(line.customer, line.invoice)].append(line)
    bought = defaultdict(list)
    for (customer, _), members in invoices.items():
        amount = sum(line.amount for line in members)
        if amount > 0:
            bought[customer].append((min(line.at for line in members).date(), amount))
    return bought


def _expected(bought: list[tuple[date, Decimal]], as_of: date) -> tuple:
    """Purchases, recency, tenure and money before ``as_of``; whether any is in the 60 days."""
    before = [(day, amount) for day, amount in bought if day < as_of]
    ages = [(as_of - day).days for day, _ in before]
    spent = float(sum(amount for _, amount in before))
    after = any(as_of <= day < as_of + timedelta(days=60) for day, _ in bought)
    return len(before), min(ages), max(ages), spent, after


def _auc(warehouse: duckdb.DuckDBPyConnection, version: int, data: str) -> float:
    (value,) = warehouse.execute(
        "select value from ml.evaluations where metric = 'roc_auc' and segment = 'all' "
        "and version = ? and data = ?",
        [version, data],
    ).fetchone()
    return value
