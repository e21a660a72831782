"""MovieLens 100k: stars and the next films, judged on the latest ratings of each user."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def project(real_data, copy_example, run_loop) -> Path:
    landing = real_data("movielens_100k")
    folder = copy_example("movielens_100k")
    run_loop(folder, landing)
    return folder


@pytest.fixture
def warehouse(project, read_current) -> Iterator[duckdb.DuckDBPyConnection]:
    with read_current(project) as connection:
        yield connection


@pytest.mark.parametrize(
    ("model", "metric"), [("film_rating", "rmse"), ("next_films", "ndcg_at_10")]
)
def test_the_model_is_better_than_the_baseline_beyond_chance(warehouse, model, metric):
    low = warehouse.execute(
        "select low from ml.comparisons where model = ? and against = 'baseline' and metric = ?",
        [model, metric],
    ).fetchone()
    assert low[0] > 0


def test_every_line_of_the_file_is_a_rating_and_every_user_is_shown_ten_films(warehouse, real_data):
    lines = (real_data("movielens_100k") / "u.data").read_text().splitlines()
    ratings = warehouse.sql("select user_id, item_id, rating from gold.trn_ratings").fetchall()
    assert sorted(ratings) == sorted(tuple(map(int, line.split("\t")[:3])) for line in lines)
    shown = warehouse.sql(
        "select count(*), count(distinct user_id), max(rank) from predictions.next_films"
    ).fetchone()
    assert shown == (9_430, 943, 10)


def test_lineage_resolves_every_column(project, held_to_lineage_page):
    held_to_lineage_page(project)
