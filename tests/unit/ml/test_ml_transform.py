import json

import pytest

from ml.columns import Column
from ml.data.features import Encoder
from ml.data.transform import feature_column
from ml.errors import PipelineError, UsageError
from ml.tables import create_tables
from ml.versions import registry

TRANSFORM = {
    "ratio": "a / (b + 1) -- a comment",
    "c": "upper(C)",
    "weekday": "dayofweek(day)",
    "first": "list_transform([a, b], lambda x: x * 2)[1]",
}
MADE = {"train.transform": TRANSFORM, "train.features": {"exclude": ["d"]}}


def names(version):
    return [each["name"] for each in json.loads(version.features)]


def test_features_are_the_columns_left_then_what_sql_makes_of_a_row(world):
    made = world.train(MADE)
    assert names(made) == ["a", "b", "c", "ratio", "weekday", "first"]
    assert json.loads(made.transform) == TRANSFORM
    (category,) = (each for each in json.loads(made.features) if each["kind"] == "category")
    assert category["categories"] == ["BLUE", "GREEN", "RED"]


def test_only_included_columns_are_features(world):
    assert names(world.train({"train.features": {"include": ["d", "a"]}})) == ["a", "d"]
    changes = {"train.features": {"include": ["d"]}, "train.transform": {"t": "a * b"}}
    assert names(world.train(changes)) == ["d", "t"]


def test_an_excluded_column_may_be_of_any_type(world):
    world.sql("alter table gold.trn add column seen date")
    world.sql("update gold.trn set seen = day - 1")
    world.sql("create or replace table gold.ftr as select * exclude (y) from gold.trn")
    changes = {
        "train.features": {"exclude": ["seen"]},
        "train.transform": {"age_days": "datediff('day', day, seen) + a"},
    }
    assert world.train(changes).status == "champion"
    assert world.score(changes).rows == 600


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"include": ["aa"]}, ["train.features.include names 'aa'", "allowed: a, b"]),
        ({"exclude": ["bb"]}, ["train.features.exclude names 'bb'", "allowed: b,"]),
        ({"include": ["y"]}, ["include names 'y'", "the label, the key"]),
        ({"include": ["A"]}, ["include names 'A'", "allowed: a,"]),
        ({"exclude": ["a", "b", "c", "d"]}, ["gold.trn has no feature"]),
    ],
)
def test_a_name_that_is_no_feature_is_refused_with_the_nearest(world, changes, told):
    with pytest.raises(UsageError) as caught:
        world.train({"train.features": changes})
    assert all(piece in str(caught.value) for piece in told), str(caught.value)


REFUSED = {
    "random()": "random() does not give the same",
    "now()": "now() does not give the same",
    "today() - day": "today() does not give the same",
    "uuid()": "uuid() does not give the same",
    "nextval('s')": "nextval() does not give the same",
    "ago(interval 1 day) - day": "ago() does not give the same",
    "pg_sleep(1)": "sleep_ms() in pg_sleep()",
    "age(day)": "age() of one date",
    "list_transform([a], lambda q: random())[1]": "random() does not give the same",
    "getvariable('x')": "getvariable() is not of the row alone",
    "current_setting('threads')": "current_setting() is not of the row alone",
    "hash(a)": "hash() is not of the row alone",
    "unnest([1, 2])": "unnest() is not of the row alone",
    "current_date": "'current_date' is not a column",
    "current_timestamp": "'current_timestamp' is not a column",
    "rowid": "'rowid' is not a column",
    "aa": "'aa' is not a column; there are: a,",
    "trn.a": "'trn' is not a column",
    "sum(a)": "sum() is of many rows (aggregate)",
    "count(*)": "is of many rows (aggregate)",
    "read_text('x')": "read_text() is of many rows",
    "row_number() over ()": "a window",
    "lag(a) over (order by id)": "a window",
    "(select 1)": "a subquery",
    "a in (select a from gold.trn)": "a subquery",
    "exists (from gold.trn)": "a subquery",
    "*": "a star",
    "columns('a')": "a star",
    "?": "a parameter",
    "$x": "a parameter",
    "#1": "positional",
    "a; drop table gold.trn": "syntax error",
    "a) from gold.trn where (a > 0": "a query, not an expression",
    "a), (b": "several expressions",
    "a as z": "syntax error",
    "a +": "syntax error",
    "nope(a)": "nope does not exist",
    "c + 1 + day": "Binder Error",
    "y::int": "'y' is the label",
    "Y::int": "'Y' is the label",
    "list_transform([1.0], lambda y: y)[1] + y::int": "'y' is the label",
    "mine(a)": "mine() is not DuckDB's own",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_not_of_the_row_alone_is_refused_with_what_is_allowed(world, sql):
    world.sql("create sequence s")
    world.sql("create macro mine(x) as x + 1")
    with pytest.raises(UsageError) as caught:
        world.train({"train.transform": {"odd": sql}})
    text = str(caught.value)
    assert f"train.transform.odd of ML model 'model' is `{sql}`" in text
    assert REFUSED[sql] in text
    assert "allowed: one expression over the columns of one row" in text
    assert world.sql("select count(*) from gold.trn") == [(600,)]


@pytest.mark.parametrize(("sql", "type_"), [("day", "DATE"), ("[a, b]", "LIST"), ("row(a)", "STR")])
def test_an_expression_of_a_type_nothing_is_learnt_of_is_refused(world, sql, type_):
    with pytest.raises(UsageError, match="in train.transform.odd of") as caught:
        world.train({"train.transform": {"odd": sql}})
    assert "feature 'odd' is" in str(caught.value)


def test_an_expression_that_fails_on_a_row_says_so(world):
    changes = {"train.transform": {"odd": "cast(c as integer)"}}
    with pytest.raises(PipelineError, match="worked out in a row of gold.trn.*try_cast"):
        world.train(changes)
    changes = {"train.transform": {"odd": "cast(coalesce(c, '1') as integer)"}}
    world.sql("update gold.trn set c = null")
    changes["train.features"] = {"exclude": ["c"]}
    world.train(changes)
    with pytest.raises(PipelineError, match="worked out in a row of gold.ftr"):
        world.score(changes)


def test_a_row_scored_alone_in_a_batch_and_in_the_training_set_is_told_the_same(world):
    world.train(MADE)
    world.score(MADE)
    batch = dict(world.sql("select id, score from predictions.model"))
    trained = {**MADE, "score.on": "trn"}
    world.sql("delete from predictions.model")
    world.score(trained)
    assert dict(world.sql("select id, score from predictions.model")) == batch
    for key in ("K0000", "K0007", "K0311", "K0599"):
        world.sql("delete from predictions.model")
        world.sql(
            f"create or replace table gold.ftr as select * exclude (y) from gold.trn "
            f"where id = '{key}'"
        )
        world.score(MADE)
        assert world.sql("select id, score from predictions.model") == [(key, batch[key])]


def test_scoring_works_a_feature_out_by_the_very_sql_training_did(world):
    made = world.train(MADE)
    columns = {name: Column(name, "ANY") for name in "abcd"}
    encoder = Encoder.from_json(made.features)
    asked = [feature_column(each, columns).feature_sql for each in encoder.features]
    assert asked[3] == f"cast((\n{TRANSFORM['ratio']}\n) as double)"
    assert asked[2] == f"cast((\n{TRANSFORM['c']}\n) as varchar)"
    assert asked[0] == 'cast("a" as double)'


def test_a_later_change_of_the_declaration_does_not_change_what_a_version_scores(world):
    world.train(MADE)
    world.score(MADE)
    before = world.predictions()
    world.sql("delete from predictions.model")
    world.score({**MADE, "train.transform": {**TRANSFORM, "ratio": "a * 1000", "c": "'x'"}})
    assert world.predictions() == before
    world.sql("delete from predictions.model")
    world.score({})
    assert world.predictions() == before


def test_a_change_of_an_expression_or_of_the_features_trains_anew(world):
    assert world.train(MADE).version == 1
    assert world.train(MADE).reused
    assert world.train({**MADE, "train.transform": {**TRANSFORM, "ratio": "a"}}).version == 2
    assert world.train({**MADE, "train.features": {"exclude": ["a", "d"]}}).version == 3
    turned = dict(reversed(TRANSFORM.items()))
    assert world.train({**MADE, "train.transform": turned}).version == 4


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("alter table gold.ftr drop b", "column 'b', which feature 'ratio' of model@1 reads,"),
        ("alter table gold.ftr alter b type double", "is DOUBLE in gold.ftr, but it was INTEGER"),
    ],
)
def test_scoring_reads_what_training_read_in_the_very_type(world, statement, told):
    changes = {"train.transform": {"ratio": "a // b"}, "train.features": {"exclude": ["b"]}}
    world.train(changes)
    world.sql(statement)
    with pytest.raises(PipelineError) as caught:
        world.score(changes)
    assert told in str(caught.value)


def test_a_version_kept_before_there_was_sql_is_read(world):
    made = world.train()
    kept = [
        {name: value for name, value in each.items() if name not in ("sql", "reads")}
        for each in json.loads(made.features)
    ]
    world.conn.execute("update ml.model_versions set features = ?", [json.dumps(kept)])
    world.sql("alter table ml.model_versions drop transform")
    create_tables(world.conn)
    assert registry.champion(world.conn, "model").transform is None
    assert world.score().rows == 600


def test_a_champion_is_compared_by_its_own_sql_not_by_what_is_declared_since(world):
    first = world.train(MADE)
    changes = {**MADE, "train.transform": {"c": "left(c, 1)", "ratio": "a * 1000"}}
    second = world.train(changes)
    assert second.version == 2
    there = world.sql(
        "select value from ml.evaluations where version = 2 and data = 'champion' "
        "and metric = 'roc_auc' and segment = 'all'"
    )
    assert there == [(first.metrics["roc_auc"],)]


def test_a_champion_whose_sql_reads_what_is_gone_is_not_compared(world):
    world.train({**MADE, "train.features": {"exclude": ["b", "d"]}})
    world.sql("alter table gold.trn drop b")
    world.train()
    [(reason,)] = world.sql(
        "select distinct reason from ml.comparisons where version = 2 and reason <> ''"
    )
    assert "column 'b', which feature 'ratio' of model@1 reads, is not a column" in reason
