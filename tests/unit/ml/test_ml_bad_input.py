from datetime import datetime

import pytest

from ml.errors import PipelineError, UsageError
from ml.relation import Relation
from tests.unit.ml.world import FILE

OTHER_TYPES = {
    "date": ("date '2025-01-01'", "days since"),
    "timestamp": ("timestamp '2025-01-01'", "days since"),
    "list": ("[1, 2]", "len"),
    "struct": ("{'p': 1}", "take its fields out"),
    "blob": ("'x'::blob", "image_classifier"),
    "uuid": ("uuid()", "cast it"),
    "json": ("'{}'::json", "take its fields out"),
    "interval": ("interval 1 day", "cast it"),
}


def refused(error, call, *told):
    """The message of ``call``'s error; every piece told stands in it, and nothing was written."""
    with pytest.raises(error) as caught:
        call()
    text = str(caught.value)
    for piece in told:
        assert piece in text, text
    return text


def unwritten(world):
    return world.sql("select * from information_schema.tables where table_schema <> 'gold'") == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train.label": "yy"}, ["train.label names 'yy'", "gold.trn", "it has: y,"]),
        ({"train.key": ["idd"]}, ["train.key names 'idd'", "it has: id,"]),
        ({"train.time": "dya"}, ["train.time names 'dya'", "it has: day,"]),
        ({"train.on": "trm"}, ["train.on names 'trm'", "the project has: trn, ftr"]),
        ({"train.label": "Y"}, ["train.label names 'Y'", "it has: y,"]),
        ({"train.time": "a"}, ["train.time names 'a'", "DOUBLE", "allowed: DATE"]),
        ({"train.label": "a"}, ["train.label 'a' is DOUBLE", "a boolean, a whole number or text"]),
        ({"problem.baseline": "aa"}, ["problem.baseline is 'aa'", "allowed: a, "]),
        ({"problem.baseline": "c"}, ["problem.baseline is 'c'", "not a number or boolean"]),
        ({"estimator.params": {"max_iter": "many"}}, ["'max_iter' parameter", "Got 'many'"]),
        ({"estimator.preset": "text_classifier", "estimator.params": {}}, ["reads text", "'a'"]),
    ],
)
def test_a_declaration_that_does_not_fit_the_table_is_refused(world, changes, told):
    refused(UsageError, lambda: world.train(changes), *told)
    assert unwritten(world)


@pytest.mark.parametrize("type_", OTHER_TYPES)
def test_a_feature_of_another_type_is_refused_with_the_remedy(world, type_):
    value, remedy = OTHER_TYPES[type_]
    world.sql(f"create or replace table gold.trn as select *, {value} as odd from gold.trn")
    refused(UsageError, world.train, "feature 'odd' is ", remedy, "dbt build --select trn")


def test_a_training_set_without_a_feature_is_refused(world):
    world.sql("create or replace table gold.trn as select id, day, y from gold.trn")
    refused(UsageError, world.train, "gold.trn has no feature")


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("delete from gold.trn", ["gold.trn is empty", "dbt build --select +trn"]),
        ("update gold.trn set y = true", ["label 'y' is 'true' in every row"]),
        ("update gold.trn set y = null", ["label 'y' is null in every row of gold.trn"]),
        ("update gold.trn set y = null where id < 'K0012'", ["null in 12 of 600 rows"]),
        ("update gold.trn set b = null", ["feature 'b' is null in all 480 rows"]),
        ("update gold.trn set c = null", ["feature 'c' is null in all 480 rows"]),
        ("update gold.trn set a = 'nan'", ["feature 'a' is null in all 480 rows"]),
        ("update gold.trn set a = 'inf' where id = 'K0001'", ["feature 'a' is infinite"]),
        ("update gold.trn set id = null where id < 'K0003'", ["'id' is null in 3 of 600 rows"]),
        ("update gold.trn set day = null where id < 'K0003'", ["'day' is null in 3 of 600 rows"]),
        (
            "update gold.trn set day = '2099-05-06' where id < 'K0002'",
            ["'day' lies in the future", "2 rows", "2099-05-06", "2026-01-01 00:00:00"],
        ),
        ("update gold.trn set day = '-infinity' where id < 'K0002'", ["'-infinity' was met"]),
        (
            "update gold.trn set day = '2025-01-01'",
            ["nothing can be held out", "one value of 'day'", "by: random"],
        ),
        (
            "update gold.trn set id = 'K0001' where id = 'K0011'",
            ["2 rows for one id, day: K0001, 2025-01-08"],
        ),
        (
            "update gold.trn set y = false where day = '2025-03-05' or day = '2025-02-26'",
            ["'y' is 'false' in all 120 rows held out (from 2025-02-26 00:00:00)"],
        ),
        ("update gold.trn set y = false where day < '2025-02-26'", ["480 rows learnt from"]),
        (
            "create or replace table gold.trn as select * replace (case when day > '2025-02-20' "
            "and b > 50 then 'new' else y::varchar end as y) from gold.trn",
            ["'y' as new, which occurs only in the rows held out"],
        ),
        (
            "create or replace table gold.trn as select * replace (id as y, 1 as c) from gold.trn",
            ["label 'y' has 600 classes", "allowed: up to 100"],
        ),
        ("drop table gold.trn", ["gold.trn", "cannot be read", "dbt build --select +trn"]),
        ("drop schema gold cascade", ["gold.trn", "cannot be read", "dbt build --select +trn"]),
    ],
)
def test_data_nothing_can_be_learnt_from_is_refused_and_nothing_is_written(world, statement, told):
    world.sql(statement)
    text = refused(PipelineError, world.train, *told)
    assert " — " in text
    assert unwritten(world)


def test_a_number_that_is_not_finite_is_no_label(world):
    world.sql("update gold.trn set a = 'inf' where id < 'K0003'")
    changes = {"train.label": "a", "problem.success": [{"metric": "r2", "at_least": 0}]}
    refused(PipelineError, lambda: world.train(changes), "null or not finite in 3 of 600 rows")


def test_a_class_of_one_row_cannot_be_split_at_random(world):
    world.sql(
        "create or replace table gold.trn as select * replace "
        "(if(id = 'K0001', 'rare', y::varchar) as y) from gold.trn"
    )
    changes = {"train.split": {"by": "random", "test": 0.2}}
    refused(PipelineError, lambda: world.train(changes), "cannot be split at random", FILE)


def test_text_without_a_word_says_so(world):
    world.sql("create or replace table gold.trn as select id, day, y, '.' as said from gold.trn")
    changes = {"estimator": {"preset": "text_classifier"}}
    refused(PipelineError, lambda: world.train(changes), "empty vocabulary", "goldloop train model")


def test_a_pattern_that_is_not_one_says_so(world):
    world.sql("create or replace table gold.trn as select id, day, y, id as said from gold.trn")
    changes = {"estimator": {"preset": "text_classifier", "params": {"token_pattern": "(("}}}
    refused(PipelineError, lambda: world.train(changes), "could not be fitted", "estimator.params")


def test_a_column_cannot_be_the_baseline_of_many_classes(world):
    world.sql(
        "create or replace table gold.trn as select * replace (c as y, 1 as c) from gold.trn "
        "where c is not null"
    )
    text = refused(UsageError, lambda: world.train({"problem.baseline": "a"}), "3 classes")
    assert "allowed: prior" in text


def test_a_constant_feature_is_fine(world):
    world.sql("update gold.trn set b = 7, c = 'red'")
    assert world.train().status == "champion"
    changes = {"estimator": {"preset": "logistic_regression"}}
    assert world.train(changes).status == "champion"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"score.on": "ftx"}, ["score.on names 'ftx'", "ftr"]),
        ({"score.key": ["idd"]}, ["score.key names 'idd'", "it has: id,"]),
        ({"score.time": "dya"}, ["score.time names 'dya'", "it has: day,"]),
        ({"score.time": "a"}, ["score.time names 'a'", "DOUBLE"]),
    ],
)
def test_a_score_declaration_that_does_not_fit_is_refused(world, changes, told):
    world.train()
    refused(UsageError, lambda: world.score(changes), *told)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("alter table gold.ftr rename b to bb", ["feature 'b' of model@1", "it has: bb,"]),
        ("alter table gold.ftr alter b type varchar", ["feature 'b'", "VARCHAR", "INTEGER"]),
        ("alter table gold.ftr alter c type integer using 1", ["feature 'c'", "allowed: text"]),
        ("update gold.ftr set id = null where id < 'K0003'", ["'id' is null in 3 of 600 rows"]),
        ("update gold.ftr set day = null where id < 'K0003'", ["'day' is null in 3 of 600"]),
        ("update gold.ftr set day = '2099-05-06' where id < 'K0002'", ["'day' lies in the future"]),
        ("update gold.ftr set a = 'inf' where id = 'K0599'", ["feature 'a' is infinite"]),
        ("insert into gold.ftr from gold.ftr limit 1", ["2 rows for one id, day: K0000"]),
        ("drop table gold.ftr", ["gold.ftr", "dbt build --select +ftr"]),
    ],
)
def test_a_table_that_cannot_be_scored_is_refused_and_nothing_is_written(world, statement, told):
    world.train()
    world.sql(statement)
    refused(PipelineError, world.score, *told)
    assert world.sql("from information_schema.tables where table_schema = 'predictions'") == []


def test_two_times_of_one_day_are_two_predictions_for_one_date(world):
    world.train()
    world.sql("alter table gold.ftr alter day type timestamp")
    world.sql("insert into gold.ftr select * replace (day + interval 1 hour as day) from gold.ftr")
    refused(PipelineError, world.score, "2 rows for one id, day", "2025-01-01")


def test_without_a_champion_nothing_scores_and_the_reason_is_told(world):
    refused(PipelineError, world.score, "it has none", "goldloop train model")
    world.train({"problem.success": [{"metric": "roc_auc", "at_least": 0.999}]})
    refused(PipelineError, world.score, "model@1, is rejected (roc_auc is 0.")


def test_a_prediction_table_with_other_columns_is_refused_by_their_names(world):
    world.train()
    world.sql("create schema predictions")
    world.sql(
        "create table predictions.model (id bigint, as_of_date date, prediction varchar, "
        "score double, model_name varchar, model_version bigint, run_id varchar, extra integer)"
    )
    text = refused(UsageError, world.score, "predictions.model has other columns")
    for piece in (
        "'id' is BIGINT, not VARCHAR",
        "'prediction' is VARCHAR, not BOOLEAN",
        "'scored_at' is missing",
        "'extra' is not one of them",
    ):
        assert piece in text
    assert "'model_version'" not in text  # a whole number is a whole number


def test_a_naive_now_is_utc(world):
    from ml.train import train
    from ml.versions.provenance import Provenance

    relations = {"trn": Relation("gold", "trn")}
    now = datetime(2025, 1, 1, 12)

    def call():
        train(world.conn, world.spec(), relations, Provenance("run"), now=now)

    refused(PipelineError, call, "'day' lies in the future", "2025-01-01 12:00:00 UTC")
