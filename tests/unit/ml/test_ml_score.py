import weakref
from datetime import date, datetime

import pytest

from ml.scoring.stream import told
from ml.versions import registry
from tests.unit.ml.world import NOW


def test_every_row_is_scored_with_all_that_a_prediction_has(world):
    world.train()
    result = world.score(run="run-9")
    assert (result.model, result.version, result.rows, result.new_rows) == ("model", 1, 600, 600)
    assert world.sql("select column_name, column_type from (describe predictions.model)") == [
        ("id", "VARCHAR"),
        ("as_of_date", "DATE"),
        ("prediction", "BOOLEAN"),
        ("score", "DOUBLE"),
        ("model_name", "VARCHAR"),
        ("model_version", "INTEGER"),
        ("run_id", "VARCHAR"),
        ("scored_at", "TIMESTAMP"),
    ]
    assert world.sql(
        "select distinct model_name, model_version, run_id, scored_at from predictions.model"
    ) == [("model", 1, "run-9", NOW.replace(tzinfo=None))]
    assert world.sql("select distinct prediction = (score > 0.5) from predictions.model") == [
        (True,)
    ]
    assert world.predictions()[0][:2] == ("K0000", date(2025, 1, 1))


def test_scoring_again_replaces_the_rows_of_the_same_version(world):
    world.train()
    world.score()
    before = world.predictions()
    again = world.score(run="run-2")
    assert (again.rows, again.new_rows) == (600, 0)
    assert world.predictions() == before
    assert world.sql("select distinct run_id from predictions.model") == [("run-2",)]


def test_predictions_of_other_dates_and_versions_stay(world):
    world.train()
    world.score()
    world.sql("update gold.ftr set day = day + 1 where id < 'K0010'")
    assert world.score().new_rows == 10
    world.train({"estimator.seed": 1, "estimator.params": {"max_iter": 9}})
    world.score()
    assert world.sql(
        "select model_version, count(*) from predictions.model group by 1 order by 1"
    ) == [(1, 610), (2, 600)]
    assert (
        world.sql(
            "select count(*) from predictions.model group by id, as_of_date, model_version "
            "having count(*) > 1"
        )
        == []
    )


def test_a_failure_while_streaming_leaves_the_predictions_as_they_were(world, monkeypatch):
    monkeypatch.setattr("ml.score.BATCH_ROWS", 100)
    world.train()
    world.score()
    before = world.sql("from predictions.model order by all")
    world.sql("create or replace table gold.ftr as from gold.ftr order by id")
    world.sql("update gold.ftr set a = 'inf' where id = 'K0599'")
    with pytest.raises(Exception, match="feature 'a' is infinite"):
        world.score(run="run-2")
    assert world.sql("from predictions.model order by all") == before


def test_many_batches_give_what_one_gives(world, monkeypatch):
    world.train()
    world.score()
    whole = world.predictions()
    monkeypatch.setattr("ml.score.BATCH_ROWS", 7)
    world.sql("drop table predictions.model")
    world.score()
    assert world.predictions() == whole


def test_an_empty_table_has_no_predictions_but_a_table_of_them(world):
    world.train()
    world.sql("delete from gold.ftr")
    assert world.score().rows == 0
    assert world.predictions() == []


def test_a_row_of_which_nothing_is_known_is_scored(world):
    world.train()
    world.sql("update gold.ftr set a = null, b = null, c = null, d = null")
    assert world.score().rows == 600
    assert len(world.sql("select distinct score from predictions.model")) == 1


def test_a_row_without_a_text_is_scored(world):
    world.sql(
        "create or replace table gold.trn as select id, day, y, id || ' ' || y as t from gold.trn"
    )
    world.sql(
        "create or replace table gold.ftr as select id, day, null::varchar as t from gold.trn"
    )
    changes = {"estimator": {"preset": "text_classifier"}}
    world.train(changes)
    assert world.score(changes).rows == 600
    assert len(world.predictions()) == 600


@pytest.mark.parametrize("preset", ["boosted_trees", "logistic_regression"])
def test_a_category_never_seen_counts_as_missing(world, preset):
    world.train({"estimator": {"preset": preset}})
    world.sql("update gold.ftr set c = null")
    world.score({"estimator": {"preset": preset}})
    missing = world.predictions()
    world.sql("update gold.ftr set c = 'never seen'")
    world.score({"estimator": {"preset": preset}})
    unseen = world.predictions()
    if preset == "boosted_trees":
        assert unseen == missing
    assert len(unseen) == 600


def test_a_category_only_in_the_rows_held_out_has_no_code(world):
    world.sql("update gold.trn set c = 'late' where day >= '2025-02-26' and c = 'red'")
    made = world.train()
    assert '"late"' not in made.features
    assert '"green"' in made.features


def test_keys_of_every_type_come_back_as_they_were(world):
    for key, type_ in (
        ("substr(id, 2)::hugeint * 10000000000000000000000000000000000", "HUGEINT"),
        ("md5(id)::uuid", "UUID"),
        ("(substr(id, 2)::integer / 7)::decimal(20, 9)", "DECIMAL(20,9)"),
        ("id::blob", "BLOB"),
        ("timestamptz '2025-01-01' + to_days(substr(id, 2)::integer)", "TIMESTAMP WITH TIME ZONE"),
    ):
        world.sql(
            f"create or replace table gold.ftr as select * exclude (y), {key} as key from gold.trn"
        )
        world.sql("drop table if exists predictions.model")
        world.train()
        assert world.score({"score.key": ["key"]}).rows == 600
        assert world.score({"score.key": ["key"]}).new_rows == 0
        assert world.sql("select typeof(key), count(*) from predictions.model group by 1") == [
            (type_, 600)
        ]
        assert world.sql("select count(*) from predictions.model join gold.ftr using (key)") == [
            (600,)
        ], type_


def test_the_date_of_a_prediction_is_the_utc_date(world):
    world.train()
    world.sql("set timezone = 'Pacific/Auckland'")
    world.sql(
        "create or replace table gold.ftr as select * exclude (y) "
        "replace (timestamptz '2025-03-01 23:30:00+00' as day) from gold.trn"
    )
    world.score()
    assert world.sql("select distinct as_of_date from predictions.model") == [(date(2025, 3, 1),)]


def test_other_columns_of_the_scored_table_are_left_alone(world):
    world.train()
    world.sql("alter table gold.ftr add column more timestamp[]")
    assert world.score().rows == 600


def test_a_table_made_from_the_declaration_beforehand_is_used(world):
    world.train()
    world.sql("create schema predictions")
    world.sql(
        "create table predictions.model (scored_at timestamp, run_id varchar, score double, "
        "prediction boolean, model_version integer, model_name varchar, as_of_date date, "
        "id varchar)"
    )
    world.score()
    row = world.sql(
        "select id, model_name, model_version, scored_at from predictions.model limit 1"
    )
    assert row == [("K0000", "model", 1, datetime(2026, 1, 1))]


def test_scoring_works_where_the_connection_has_moved_to(world):
    world.sql("attach ':memory:' as other")
    world.sql("use other")
    world.sql("create schema gold")
    world.sql("create table other.gold.trn as from memory.gold.trn")
    world.sql("create table other.gold.ftr as from memory.gold.ftr where id < 'K0100'")
    world.train()
    assert world.score().rows == 100
    assert registry.champion(world.conn, "model").version == 1
    assert world.sql("select count(*) from other.predictions.model") == [(100,)]


def test_batches_are_not_kept_in_memory(world, monkeypatch):
    seen = []

    def watched(*args, **named):
        for batch in told(*args, **named):
            # The one before is being written.
            assert sum(each() is not None for each in seen) <= 1
            seen.append(weakref.ref(batch))
            yield batch
            del batch

    monkeypatch.setattr("ml.score.BATCH_ROWS", 100)
    monkeypatch.setattr("ml.kinds.rows.told", watched)
    world.train()
    world.score()
    assert len(seen) == 6


def test_each_past_date_is_scored_with_the_features_of_that_date(world):
    world.train()
    world.sql(
        "create or replace table gold.ftr as select * replace ("
        "day + 70 * n::integer as day, a + n / 8 as a) from gold.ftr, range(5) as t(n)"
    )
    assert world.score().rows == 3000
    whole = world.predictions()
    assert len({score for key, *_, score in whole if key == "K0000"}) > 1
    world.sql("delete from gold.ftr where day != date '2025-01-15'")
    world.sql("update gold.ftr set a = a + 1")
    rows = world.sql("select count(*) from gold.ftr")[0][0]
    assert world.score(run="run-2").rows == rows
    assert world.sql(
        "select as_of_date, count(*) from predictions.model where run_id = 'run-2' group by 1"
    ) == [(date(2025, 1, 15), rows)]
    untouched = [row for row in whole if row[1] != date(2025, 1, 15)]
    assert [row for row in world.predictions() if row[1] != date(2025, 1, 15)] == untouched
