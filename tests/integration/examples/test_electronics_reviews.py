"""Electronics reviews: whole text files, taken apart in SQL, and a text classifier."""

import html
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import numpy as np
import pytest
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def landing(real_data) -> Path:
    return real_data("electronics_reviews")


@pytest.fixture(scope="module")
def reviews(landing) -> dict[str, tuple[str, str, float]]:
    """Title, text and stars of each review, by another reader than the example's."""
    found = {}
    for path in landing.glob("*.review"):
        for review in ElementTree.parse(path).getroot():
            fields = {field.tag: html.unescape(field.text or "").strip() for field in review}
            found[fields["unique_id"]] = (
                fields["title"],
                fields["review_text"],
                float(fields["rating"]),
            )
    return found


@pytest.fixture(scope="module")
def project(landing, copy_example, run_loop) -> Path:
    folder = copy_example("electronics_reviews")
    run_loop(folder, landing)
    return folder


@pytest.fixture
def warehouse(project, read_current) -> Iterator[duckdb.DuckDBPyConnection]:
    with read_current(project) as connection:
        yield connection


def test_two_files_become_two_thousand_reviews_as_another_reader_reads_them(warehouse, reviews):
    assert warehouse.sql("select count(*) from landing.reviews__files").fetchone() == (2,)
    taken_apart = {
        review_id: (title, text, float(rating))
        for review_id, title, text, rating in warehouse.sql(
            "select review_id, title, review_text, rating from silver.slv_reviews__reviews"
        ).fetchall()
    }
    assert len(taken_apart) == 2_000
    assert taken_apart == reviews


def test_stars_become_labels_and_no_text_is_trained_on_twice(warehouse, reviews):
    trained = warehouse.sql(
        "select training.review_id, training.is_positive, reviews.review_text "
        "from gold.trn_review_sentiment as training "
        "inner join silver.slv_reviews__reviews as reviews using (review_id)"
    ).fetchall()
    texts = [text for _, _, text in trained]
    assert len(texts) == len(set(texts)) == len({text for _, text, _ in reviews.values()})
    assert all(positive == (reviews[review_id][2] > 3) for review_id, positive, _ in trained)


def test_the_accuracy_on_a_fifth_held_out_is_reached_and_is_that_of_the_predictions(warehouse):
    rows = warehouse.sql(
        "select training.is_positive, told.prediction from gold.trn_review_sentiment as training "
        "inner join predictions.review_sentiment as told using (review_id) order by review_id"
    ).fetchall()
    positive = [label for label, _ in rows]
    _, held = train_test_split(
        np.arange(len(rows)), test_size=0.2, random_state=0, stratify=positive
    )
    written = accuracy_score(
        [rows[position][0] for position in held], [rows[position][1] for position in held]
    )

    accuracy, test_rows = warehouse.sql(
        "select value, test_rows from ml.evaluations inner join ml.model_versions "
        "using (model, version) where status = 'champion' and data = 'test' "
        "and metric = 'accuracy' and segment = 'all'"
    ).fetchone()

    assert test_rows == len(held)
    assert accuracy == pytest.approx(written, abs=1e-12)
    assert accuracy >= 0.82


def test_the_report_reads_a_prediction_for_every_review(warehouse):
    counted, positive = warehouse.sql(
        "select sum(reviews), sum(predicted_positive_reviews) from gold.rpt_product_sentiment"
    ).fetchone()
    assert counted == 2_000
    assert warehouse.sql(
        "select count(*) from predictions.review_sentiment where prediction"
    ).fetchone() == (positive,)


@pytest.mark.soak
def test_the_unit_tests_of_the_sql_pass(project, unit_tests):
    done = unit_tests(project)
    assert done.returncode == 0, done.stdout
