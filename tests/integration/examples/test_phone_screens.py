"""Phone screens: 148 photos, one of them twice; told better than the larger class would be."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.long
pytest.importorskip("skimage", reason="goldloop[images] is not installed")


@pytest.fixture(scope="module")
def landing(real_data) -> Path:
    return real_data("phone_screens")


@pytest.fixture(scope="module")
def project(landing, copy_example, run_loop) -> Path:
    folder = copy_example("phone_screens")
    run_loop(folder, landing)
    return folder


@pytest.fixture
def warehouse(project, read_current) -> Iterator[duckdb.DuckDBPyConnection]:
    with read_current(project) as connection:
        yield connection


def test_every_photo_stands_in_the_training_set_byte_by_byte(warehouse, landing):
    files = {
        f"{path.parent.name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in landing.glob("*/*")
    }
    rows = warehouse.sql("select photo_id, sha256(photo), is_damaged from gold.trn_screens")
    found = {photo: (sha256, damaged) for photo, sha256, damaged in rows.fetchall()}
    wanted = {name: (sha256, name.startswith("mobile_damaged")) for name, sha256 in files.items()}
    assert found == wanted
    assert sorted(Counter(files.values()).values())[-2:] == [1, 2]  # one photo is there twice


def test_the_accuracy_out_of_fold_is_above_the_majority_share_by_more_than_its_interval(warehouse):
    accuracy, low, rows = warehouse.sql(
        "select value, low, rows from ml.evaluations "
        "where data = 'test' and metric = 'accuracy' and segment = 'all'"
    ).fetchone()
    (share,) = warehouse.sql(
        "select greatest(avg(is_damaged::int), 1 - avg(is_damaged::int)) from gold.trn_screens"
    ).fetchone()
    assert rows == 148
    assert low > share
    assert accuracy - share > accuracy - low


def test_every_photo_has_a_prediction_and_the_report_counts_them(warehouse):
    rows = warehouse.sql(
        "select is_damaged, photos, told_photos from gold.rpt_screens order by all"
    ).fetchall()
    assert rows == [(False, 72, 72), (True, 76, 76)]
    assert warehouse.sql("from ml.left_out").fetchall() == []


@pytest.mark.soak
def test_the_unit_tests_of_the_sql_pass(project, unit_tests):
    done = unit_tests(project)
    assert done.returncode == 0, done.stdout


def test_lineage_resolves_every_column(project, held_to_lineage_page):
    held_to_lineage_page(project)
