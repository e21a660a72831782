"""Recommendations and forecasts trained, judged, scored and reproduced like every other model."""

import pytest

from ml.errors import PipelineError, UsageError
from ml.score import score
from ml.spec import parse_spec
from ml.train import train
from ml.versions.reproduce import reproduce
from tests.unit.ml.people_and_shops import (
    BY,
    NOW,
    RELATIONS,
    forecaster,
    people_and_shops,
    recommender,
)

NEXT = """
    select shop, step, forecast_at, prediction, low from predictions.fore
    where model_version = ? order by all
"""


@pytest.fixture
def conn():
    """Users like the items of their own third; two users are in no rating; six odd series."""
    found = people_and_shops()
    yield found
    found.close()


def test_a_recommender_beats_the_biases_and_says_who_was_not_known(conn):
    said = []
    version = train(conn, recommender(), RELATIONS, BY, now=NOW, tell=said.append)
    assert version.status == "champion", version.reason
    assert any("30 rows with no finite rating" in text for text in said)
    scored = [score(conn, recommender(), RELATIONS, BY, now=NOW) for _ in range(2)]
    assert [each.rows for each in scored] == [82 * 5] * 2
    assert scored[1].new_rows == 0
    shown = conn.execute(
        'select "the user", is_fallback, list(rank order by rank), count(distinct item) '
        "from predictions.rec group by all"
    ).fetchall()
    assert all(ranks == [1, 2, 3, 4, 5] and items == 5 for *_, ranks, items in shown)
    assert sorted(user for user, cold, *_ in shown if cold) == [80, 81]
    train(conn, recommender(), RELATIONS, BY, now=NOW)
    assert conn.execute("select count(*) from ml.model_versions").fetchone() == (1,)
    assert reproduce(conn, version, RELATIONS).same_bytes


def test_no_one_is_shown_what_they_have(conn):
    train(conn, recommender(), RELATIONS, BY, now=NOW)
    score(conn, recommender(), RELATIONS, BY, now=NOW)
    shown = conn.execute(
        "select count(*) from predictions.rec semi join gold.ratings as had "
        'on rec."the user" = had."the user" and rec.item = had.item and not isnan(had.stars)'
    ).fetchone()
    assert shown == (0,)


def test_a_champion_is_compared_on_the_same_users(conn):
    train(conn, recommender(), RELATIONS, BY, now=NOW)
    second = train(conn, recommender({"factors": 5}), RELATIONS, BY, now=NOW)
    against = conn.execute(
        "select distinct against from ml.comparisons where version = ? order by 1",
        [second.version],
    ).fetchall()
    assert against == [("baseline",), ("rec@1",)]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"feedback": "implicit"}, "have no ratings"),
        ({"feedback": "loud"}, "allowed: explicit, implicit"),
        ({"depth": 3}, "unknown parameter estimator.params.depth"),
    ],
)
def test_what_a_recommender_is_not_declared_as_is_refused_before_a_row_is_read(spoil, said):
    with pytest.raises(UsageError, match=said):
        recommender(spoil)


def test_a_parameter_of_no_use_is_refused(conn):
    with pytest.raises(UsageError, match="factors of ML model 'rec' is -1"):
        train(conn, recommender({"factors": -1}), RELATIONS, BY, now=NOW)


def test_ratings_of_nobody_are_refused_with_how_many_there_were(conn):
    conn.execute("update gold.ratings set stars = 'nan'::double")
    with pytest.raises(PipelineError, match="0 usable rows"):
        train(conn, recommender(), RELATIONS, BY, now=NOW)


def test_a_bad_series_stops_no_other_and_says_what_to_do(conn):
    said = []
    version = train(conn, forecaster(), RELATIONS, BY, now=NOW, tell=said.append)
    assert any("series twice of gold.sales is left out: it has two values" in text for text in said)
    assert any("series gap of gold.sales: 1 of 120 days have no value" in text for text in said)
    for _ in range(2):
        assert score(conn, forecaster(), RELATIONS, BY, now=NOW).rows == 5 * 7
    told = conn.execute(
        "select shop, method, prediction, low, high, reason from predictions.fore "
        "where step = 1 order by shop"
    ).fetchall()
    found = {shop: rest for shop, *rest in told}
    assert found["plain"][0] == "seasonal_naive"
    assert found["plain"][2] < found["plain"][1] < found["plain"][3]
    assert found["one"][:4] == ["naive", 3.0, None, None]
    assert found["same"][:4] == ["naive", 5.0, 5.0, 5.0]
    assert found["twice"][:4] == [None, None, None, None]
    assert "make one of them in SQL" in found["twice"][4]
    assert conn.execute("select count(*) from predictions.fore").fetchone() == (35,)
    assert reproduce(conn, version, RELATIONS).same_bytes


def test_a_forecast_begins_where_the_history_ends_without_a_new_training(conn):
    train(conn, forecaster(), RELATIONS, BY, now=NOW)
    conn.execute("insert into gold.sales values ('plain', date '2025-05-01', 12), "
                 "('new', date '2025-05-01', 1)")  # fmt: skip
    score(conn, forecaster(), RELATIONS, BY, now=NOW)
    first = conn.execute(
        "select shop, min(forecast_at)::date::varchar, any_value(as_of_date)::varchar "
        "from predictions.fore where shop in ('plain', 'new') group by shop order by shop"
    ).fetchall()
    assert first == [("new", "2025-05-02", "2025-05-01"), ("plain", "2025-05-02", "2025-05-01")]


def test_rows_in_no_series_are_left_out_counted_and_said(conn):
    first = train(conn, forecaster(), RELATIONS, BY, now=NOW)
    score(conn, forecaster(), RELATIONS, BY, now=NOW)
    conn.execute("insert into gold.sales values (null, date '2025-04-01', 9), "
                 "('plain', null, 900), (null, null, 1)")  # fmt: skip
    said = []
    version = train(conn, forecaster(), RELATIONS, BY, now=NOW, tell=said.append)
    assert said[0] == ("left out of gold.sales: 3 rows with no shop or day; mend the SQL of sales")
    assert (version.data_rows, version.train_rows) == (first.data_rows + 3, first.train_rows)
    scored = [score(conn, forecaster(), RELATIONS, BY, now=NOW) for _ in range(2)]
    assert [(each.rows, each.new_rows) for each in scored] == [(35, 35), (35, 0)]
    told = [conn.execute(NEXT, [each.version]).fetchall() for each in (first, version)]
    assert told[0] == told[1]


def test_where_no_row_is_in_a_series_it_is_said_how_many_there_were(conn):
    conn.execute("update gold.sales set day = null")
    with pytest.raises(PipelineError, match="none of 0 series.* rows with no shop or day"):
        train(conn, forecaster(), RELATIONS, BY, now=NOW)


def test_series_too_short_to_hold_anything_out_are_refused(conn):
    with pytest.raises(PipelineError, match="none of 5 series of gold.sales has the 502 steps"):
        train(conn, forecaster(horizon=500), RELATIONS, BY, now=NOW)


def test_a_forecast_without_its_series_is_refused_by_name():
    spec = forecaster().model_dump(mode="json", exclude_none=True)
    spec["train"].pop("series")
    meta = {key: spec[key] for key in ("problem", "train", "estimator", "score")}
    with pytest.raises(UsageError, match="train.series is missing"):
        parse_spec("fore", meta, file="m.yml")


def test_statsforecast_is_among_the_libraries_of_a_version_that_needs_it(conn):
    pytest.importorskip("statsforecast")
    conn.execute("delete from gold.sales where shop <> 'plain'")
    version = train(conn, forecaster("auto_theta"), RELATIONS, BY, now=NOW)
    assert "statsforecast" in version.libraries
    score(conn, forecaster("auto_theta"), RELATIONS, BY, now=NOW)
    methods = conn.execute("select distinct method, reason from predictions.fore").fetchall()
    assert methods == [("auto_theta", None)]
