"""Telco churn: a CSV with blanks, a random split, and scikit-learn as the oracle."""

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

pytestmark = pytest.mark.long

NUMBERS = ["tenure", "MonthlyCharges", "TotalCharges"]


@pytest.fixture(scope="module")
def landing(real_data) -> Path:
    return real_data("telco_churn")


@pytest.fixture(scope="module")
def customers(landing) -> list[dict[str, str]]:
    (path,) = landing.glob("*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return sorted(csv.DictReader(file), key=lambda row: row["customerID"])


@pytest.fixture(scope="module")
def project(landing, copy_example, run_loop) -> Path:
    folder = copy_example("telco_churn")
    run_loop(folder, landing)
    return folder


@pytest.fixture
def warehouse(project, read_current) -> Iterator[duckdb.DuckDBPyConnection]:
    with read_current(project) as connection:
        yield connection


@pytest.fixture(scope="module")
def held_out(customers) -> np.ndarray:
    """The positions held out: the rows in the order of their key, a stratified fifth, seed 0."""
    churned = [row["Churn"] == "Yes" for row in customers]
    _, held = train_test_split(
        np.arange(len(customers)), test_size=0.2, random_state=0, stratify=churned
    )
    return held


def test_customers_with_a_blank_charge_are_kept_and_their_charge_is_unknown(warehouse, customers):
    expected = {row["customerID"]: _cents(row["TotalCharges"]) for row in customers}
    kept = dict(
        warehouse.sql("select customer_id, total_charges_cents from gold.ftr_customers").fetchall()
    )
    assert kept == expected
    assert len(kept) == 7_043
    assert sum(total is None for total in kept.values()) == 11
    assert warehouse.sql("select count(*) from landing.rejects").fetchone() == (0,)


def test_the_held_out_auc_is_that_of_a_plain_scikit_learn_pipeline(warehouse, customers, held_out):
    held = np.isin(np.arange(len(customers)), held_out)
    rows = np.array([_features(row) for row in customers], dtype=object)
    churned = np.array([row["Churn"] == "Yes" for row in customers])
    pipeline = _pipeline(customers[0]).fit(rows[~held], churned[~held])
    plain = roc_auc_score(churned[held], pipeline.predict_proba(rows[held])[:, 1])

    ours = _evaluation(warehouse, "test")

    assert ours == pytest.approx(plain, abs=0.01)
    assert ours >= 0.82


def test_the_auc_told_is_that_of_the_predictions_written(warehouse, customers, held_out):
    scores = dict(warehouse.sql("select customer_id, score from predictions.churn").fetchall())
    held = [customers[position] for position in held_out]
    churned = [row["Churn"] == "Yes" for row in held]
    written = roc_auc_score(churned, [scores[row["customerID"]] for row in held])

    assert len(scores) == 7_043
    assert _evaluation(warehouse, "test") == pytest.approx(written, abs=1e-9)


def test_the_report_adds_up_to_the_predictions_and_the_customers(warehouse, customers):
    counted, left, expected, charges = warehouse.sql(
        "select sum(customers), sum(actual_leavers), sum(expected_leavers), "
        "sum(monthly_charges_cents) from gold.rpt_churn_risk"
    ).fetchone()
    (scored,) = warehouse.sql("select sum(score) from predictions.churn").fetchone()

    assert counted == 7_043
    assert left == sum(row["Churn"] == "Yes" for row in customers) == 1_869
    assert expected == pytest.approx(scored)
    assert charges == sum(_cents(row["MonthlyCharges"]) for row in customers)


def test_what_is_learnt_from_made_up_customers_is_nearly_as_good_on_real_ones(warehouse):
    value, low, high, real = warehouse.sql(
        "select value, low, high, real from ml.synthetic_reports "
        "where part = 'usefulness' and metric = 'roc_auc'"
    ).fetchone()
    (copies,) = warehouse.sql("select copies from ml.synthetic_sets").fetchone()
    learnt, held = warehouse.sql(
        "select train_rows, test_rows from ml.model_versions where model = 'churn_synthetic'"
    ).fetchone()
    assert real - 0.03 <= value
    assert low < value < high
    assert real == pytest.approx(_evaluation(warehouse, "test"), abs=0.01)
    assert not copies
    assert (learnt, held) == (2 * 5_634, 1_409)


@pytest.mark.soak
def test_the_unit_tests_of_the_sql_pass(project, unit_tests):
    done = unit_tests(project)
    assert done.returncode == 0, done.stdout


def _evaluation(warehouse: duckdb.DuckDBPyConnection, data: str) -> float:
    (value,) = warehouse.execute(
        "select evaluations.value from ml.evaluations as evaluations "
        "inner join ml.model_versions as versions using (model, version) "
        "where versions.model = 'churn' and versions.status = 'champion' "
        "and metric = 'roc_auc' and segment = 'all' "
        "and data = ?",
        [data],
    ).fetchone()
    return value


def _cents(charge: str) -> int | None:
    return round(float(charge) * 100) if charge.strip() else None


def _features(row: dict[str, str]) -> list[object]:
    numbers = [float(row[name]) if row[name].strip() else np.nan for name in NUMBERS]
    return [*numbers, *(row[name] for name in _categories(row))]


def _categories(row: dict[str, str]) -> list[str]:
    return [name for name in row if name not in (*NUMBERS, "customerID", "Churn")]


def _pipeline(row: dict[str, str]) -> Pipeline:
    first = len(NUMBERS)
    texts = list(range(first, first + len(_categories(row))))
    encode = make_column_transformer(("passthrough", list(range(first))), (OrdinalEncoder(), texts))
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=150,
        max_leaf_nodes=8,
        l2_regularization=1.0,
        categorical_features=texts,
        random_state=0,
    )
    return make_pipeline(encode, trees)


def test_lineage_resolves_every_column(project, held_to_lineage_page):
    held_to_lineage_page(project)
