import json

import duckdb
import pytest

from ml.errors import PipelineError
from ml.versions import registry


def test_a_good_version_becomes_champion_with_all_that_was_known_of_it(world):
    made = world.train()
    assert (made.name, made.status, made.reused) == ("model@1", "champion", False)
    assert (made.data_rows, made.train_rows, made.test_rows) == (600, 480, 120)
    assert (made.run_id, made.release, made.code_version) == ("run-1", "release-1", "commit-1")
    assert json.loads(made.classes) == ["false", "true"]
    assert [each["kind"] for each in json.loads(made.features)] == [
        "number",
        "number",
        "category",
        "boolean",
    ]
    assert registry.champion(world.conn, "model") == made
    kept = dict(
        world.sql("select metric, value from ml.evaluations where data = 'test' and version = 1")
    )
    assert kept == made.metrics
    assert kept["roc_auc"] > 0.6


def test_key_label_and_time_are_never_features(world):
    made = world.train()
    assert [each["name"] for each in json.loads(made.features)] == ["a", "b", "c", "d"]


def test_intervals_hold_the_value_and_the_baseline_stands_beside_it(world):
    world.train()
    rows = world.sql(
        "select metric, value, low, high from ml.evaluations where data in ('test', 'baseline') "
        "and metric <> 'f1'"
    )
    assert len(rows) == 10
    for metric, value, low, high in rows:
        assert low <= value <= high, metric
    assert world.sql(
        "select value from ml.evaluations where data = 'baseline' and metric = 'roc_auc'"
    ) == [(0.5,)]


def test_the_same_data_and_declaration_are_not_trained_again(world):
    first = world.train()
    again = world.train(run="run-2")
    assert again.reused
    assert (again.version, again.run_id, again.metrics) == (1, "run-1", first.metrics)
    assert world.sql("select count(*) from ml.model_versions") == [(1,)]


@pytest.mark.parametrize(
    ("change", "statement"),
    [
        ({}, "update gold.trn set a = a + 1 where id = 'K0007'"),
        ({}, "delete from gold.trn where id = 'K0007'"),
        ({}, "alter table gold.trn alter b type bigint"),
        ({"estimator.seed": 1}, "select 1"),
        ({"estimator.params": {"max_iter": 11}}, "select 1"),
        ({"train.split.test": 0.1}, "select 1"),
        ({"problem.success": [{"metric": "roc_auc", "at_least": 0.61}]}, "select 1"),
    ],
)
def test_a_change_that_matters_trains_a_new_version_and_retires_the_old(world, change, statement):
    world.train()
    world.sql(statement)
    made = world.train(change)
    assert (made.version, made.status, made.reused) == (2, "champion", False)
    assert [(each.version, each.status) for each in registry.versions(world.conn, "model")] == [
        (2, "champion"),
        (1, "retired"),
    ]


@pytest.mark.parametrize(
    "change",
    [{"problem.question": "in other words"}, {"score.on": "trn"}],
)
def test_a_change_that_does_not_matter_to_the_fit_keeps_the_version(world, change):
    world.train()
    assert world.train(change).reused


def test_a_version_not_good_enough_is_kept_as_rejected_and_the_champion_stays(world):
    world.train()
    asked = {"problem.success": [{"metric": "roc_auc", "at_least": 0.999}]}
    made = world.train(asked)
    assert (made.version, made.status) == (2, "rejected")
    assert "roc_auc is 0." in made.reason
    assert "not at least 0.999" in made.reason
    assert registry.champion(world.conn, "model").version == 1
    again = world.train(asked)
    assert (again.version, again.status, again.reused) == (2, "rejected", True)
    assert world.score(asked).version == 1


def test_every_criterion_missed_is_named(world):
    made = world.train(
        {
            "problem.success": [
                {"metric": "roc_auc", "at_least": 0.1},
                {"metric": "accuracy", "beats_baseline_by": 0.9},
                {"metric": "log_loss", "at_most": 0.0001},
            ]
        }
    )
    assert "accuracy" in made.reason
    assert "better than the baseline's" in made.reason
    assert "log_loss" in made.reason
    assert "roc_auc" not in made.reason


def test_a_damaged_artifact_is_trained_again(world):
    world.train()
    world.sql("update ml.model_versions set artifact = 'broken'::blob")
    made = world.train()
    assert (made.version, made.status, made.reused) == (2, "champion", False)


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_column_can_be_the_baseline(world, sign):
    world.train({"problem.baseline": f"{sign}a"})
    (value,) = world.sql(
        "select value from ml.evaluations where data = 'baseline' and metric = 'roc_auc'"
    )[0]
    assert value > 0.6 if sign == "" else value < 0.4


def test_a_baseline_column_that_is_mostly_missing_ranks_those_rows_last(world):
    world.train({"problem.baseline": "b"})
    found = world.sql(
        "select metric from ml.evaluations where data = 'baseline' and value is not null"
    )
    assert sorted(found) == [("average_precision",), ("roc_auc",)]


def test_a_number_is_learnt_when_the_success_is_measured_as_one(world):
    world.sql("update gold.trn set b = 40 where b is null")
    changes = {
        "train.label": "b",
        "score.on": "trn",
        "problem.success": [{"metric": "rmse", "beats_baseline_by": -100}],
        "problem.baseline": "a",
    }
    made = world.train(changes)
    assert (made.task, made.status, made.classes) == ("regression", "champion", "[]")
    assert set(made.metrics) == {"rmse", "mae", "r2"}
    assert world.score(changes).rows == 600
    told = world.sql(
        "select typeof(prediction), count(*), count(score) from predictions.model group by 1"
    )
    assert told == [("DOUBLE", 600, 0)]


def test_the_order_of_rows_and_the_number_of_threads_do_not_change_the_model(world):
    world.train()
    world.score()
    before = world.predictions()
    world.sql("set threads = 1")
    world.sql("create table gold.other as select * from gold.trn order by hash(id, 'shuffled')")
    world.sql("drop table gold.trn")
    world.sql("alter table gold.other rename to trn")
    assert world.train().reused
    world.forget()
    world.sql("delete from predictions.model")
    assert not world.train().reused
    world.score()
    assert world.predictions() == before


def test_a_random_split_is_the_same_whatever_the_order_of_rows(world):
    changes = {"train.split": {"by": "random", "test": 0.25}, "train.time": None}
    world.sql("alter table gold.trn drop day")
    first = world.train(changes)
    assert first.test_rows == 150
    world.sql("create table gold.other as select * from gold.trn order by hash(id, 'shuffled')")
    world.sql("drop table gold.trn")
    world.sql("alter table gold.other rename to trn")
    world.forget()
    assert world.train(changes).metrics == first.metrics


def test_a_failure_at_any_point_leaves_nothing_behind(world, monkeypatch):
    world.train()
    world.sql("update gold.trn set a = a / 2")
    before = world.sql("select * from ml.model_versions"), world.sql("select * from ml.evaluations")

    def fail(*args, **kwargs):
        raise RuntimeError("the machine went away")

    monkeypatch.setattr("ml.versions.decisions.promote", fail)
    with pytest.raises(RuntimeError):
        world.train()
    after = world.sql("select * from ml.model_versions"), world.sql("select * from ml.evaluations")
    assert after == before
    world.conn.begin()  # no transaction was left open
    world.conn.rollback()


def test_a_first_training_that_fails_makes_no_table(world):
    world.sql("delete from gold.trn")
    with pytest.raises(PipelineError):
        world.train()
    assert world.sql("select * from information_schema.tables where table_schema = 'ml'") == []


def test_decimals_huge_integers_and_enums_are_features(world):
    world.sql(
        "create or replace table gold.trn as select * replace (a::decimal(38, 10) as a, "
        "b::hugeint as b, c::enum('red', 'blue', 'green') as c) from gold.trn"
    )
    world.sql("create or replace table gold.ftr as select * exclude (y) from gold.trn")
    made = world.train()
    assert [each["kind"] for each in json.loads(made.features)] == [
        "number",
        "number",
        "category",
        "boolean",
    ]
    assert world.score().rows == 600


@pytest.mark.parametrize("type_", ["varchar", "integer", "hugeint", "enum('0', '1', '2')"])
def test_labels_of_more_classes_keep_their_type(world, type_):
    world.sql(
        "create or replace table gold.trn as select * exclude (y), "
        f"(case when a < 0.3 then 0 when a < 0.7 then 1 else 2 end)::varchar::{type_} as y "
        "from gold.trn"
    )
    made = world.train()
    assert json.loads(made.classes) == ["0", "1", "2"]
    world.score()
    wrong = world.sql(
        "select count(*) from predictions.model join gold.trn using (id) "
        "where prediction::varchar <> y::varchar"
    )
    assert wrong[0][0] < 30
    told = "VARCHAR" if type_.startswith("enum") else type_.upper()
    assert world.sql("select typeof(prediction) from predictions.model limit 1") == [(told,)]
    assert world.sql("select min(score) > 0.33 from predictions.model") == [(True,)]


def test_text_is_classified_from_one_or_more_columns(world):
    words = "case when y then 'bad slow broken ' else 'good quick kind ' end || id"
    world.sql(
        f"create or replace table gold.trn as select id, day, {words} as said, "
        "if(d, null, 'calm') as noted, y from gold.trn"
    )
    world.sql("create or replace table gold.ftr as select * exclude (y) from gold.trn")
    changes = {"estimator": {"preset": "text_classifier", "params": {"ngram_range": [1, 2]}}}
    made = world.train(changes)
    assert made.metrics["accuracy"] == 1.0
    assert world.score(changes).rows == 600
    assert world.sql(
        "select count(*) from predictions.model join gold.trn using (id) where prediction <> y"
    ) == [(0,)]


def test_versions_of_a_warehouse_without_any_are_none():
    conn = duckdb.connect()
    assert registry.versions(conn) == []
    assert registry.champion(conn, "model") is None


def test_one_thread_and_all_threads_of_scikit_learn_give_the_same_model(world, monkeypatch):
    world.train()
    world.score()
    one = world.predictions()
    monkeypatch.setattr("ml.estimators.cores.FEW_ROWS", 0)
    world.forget()
    world.sql("delete from predictions.model")
    world.train()
    world.score()
    assert world.predictions() == one
