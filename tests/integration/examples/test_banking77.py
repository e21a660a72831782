"""Banking77: 77 intents, learnt from the publisher's train file, judged on its test file."""

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def landing(real_data) -> Path:
    return real_data("banking77")


@pytest.fixture(scope="module")
def project(landing, copy_example, run_loop) -> Path:
    folder = copy_example("banking77")
    run_loop(folder, landing)
    return folder


@pytest.fixture
def warehouse(project, read_current) -> Iterator[duckdb.DuckDBPyConnection]:
    with read_current(project) as connection:
        yield connection


def read(path: Path) -> list[tuple[str, str]]:
    """The questions of a file with their intents, by another reader than the example's."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [(row["text"], row["category"]) for row in csv.DictReader(lines)]


def test_the_publishers_split_decides_which_rows_are_held_out(warehouse, landing):
    rows = warehouse.sql(
        "select question_text, intent, is_held_out from gold.trn_question_intents"
    ).fetchall()
    for held, file in ((False, "train.csv"), (True, "test.csv")):
        assert sorted(row[:2] for row in rows if row[2] == held) == sorted(read(landing / file))
    counts = warehouse.sql("select train_rows, test_rows from ml.model_versions").fetchone()
    assert counts == (10_003, 3_080)


def test_the_accuracy_on_the_test_file_is_reached_and_is_that_of_the_predictions(
    warehouse, landing
):
    told = dict(
        warehouse.sql(
            "select question_text, prediction from predictions.question_intent "
            "inner join gold.ftr_questions using (question_id)"
        ).fetchall()
    )
    test = read(landing / "test.csv")
    written = sum(told[text] == intent for text, intent in test) / len(test)

    accuracy, low = warehouse.sql(
        "select value, low from ml.evaluations where data = 'test' and metric = 'accuracy' "
        "and segment = 'all'"
    ).fetchone()

    assert accuracy == pytest.approx(written, abs=1e-12)
    assert low >= 0.89


def test_the_report_counts_the_test_file_and_what_was_understood(warehouse, landing):
    intents, questions, right = warehouse.sql(
        "select count(*), sum(questions), sum(right_questions) from gold.rpt_intents"
    ).fetchone()
    assert (intents, questions) == (77, 3_080)
    assert right / questions >= 0.89


@pytest.mark.soak
def test_the_unit_tests_of_the_sql_pass(project, unit_tests):
    done = unit_tests(project)
    assert done.returncode == 0, done.stdout
