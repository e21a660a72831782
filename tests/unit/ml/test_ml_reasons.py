"""``score.explain``: the reasons beside each prediction, and what cannot have them."""

import pytest
from sklearn.tree import BaseDecisionTree

from ml.anatomy.dissect import LINEAR
from ml.declaration.explainable import CLASSES
from ml.errors import UsageError
from ml.explain import explain
from ml.trees.boosted import BOOSTED
from ml.trees.forests import FORESTS
from ml.versions.registry import champion, load
from tests.unit.ml.world import small_world

TOP = {"score.explain": {"top": 2}}
CASES = {
    "boosted_trees": {},
    "logistic_regression": {"estimator": {"preset": "logistic_regression"}},
    "random_forest": {"estimator": {"preset": "random_forest", "params": {"n_estimators": 10}}},
}


@pytest.mark.parametrize("preset", CASES)
def test_each_prediction_has_the_features_that_made_it_most(world, preset, monkeypatch):
    monkeypatch.setattr("ml.score.BATCH_ROWS", 256)
    world.changes = TOP | CASES[preset]
    world.train()
    world.score()
    told = world.sql(
        "select reason_1, reason_1_effect, reason_2, reason_2_effect from predictions.model "
        "order by id"
    )
    model = load(world.conn, champion(world.conn, "model"))
    features = world.conn.execute(
        "select cast(a as double), cast(b as double), c, cast(d as double) "
        "from gold.ftr order by id"
    )
    found = explain(model, model.encoder.encode(features.to_arrow_table()))
    for row, effects in zip(told, found.contributions, strict=True):
        ranked = sorted(range(4), key=lambda at: -abs(effects[at]))[:2]
        assert row[1] == pytest.approx(effects[ranked[0]], abs=1e-12)
        assert row[3] == pytest.approx(effects[ranked[1]], abs=1e-12)
        assert row[0] == "abcd"[ranked[0]]
    assert {row[0] for row in told} <= set("abcd")


def test_a_regressions_reasons_are_in_its_own_unit(world):
    world.sql("create or replace table gold.trn as select * replace (a * 10 as y) from gold.trn")
    world.changes = TOP | {
        "problem.success": [{"metric": "rmse", "at_most": 1}],
        "estimator": {"preset": "linear_regression"},
        "train.leak_guard": {"allow": {"a": "y is made of it here"}},
    }
    world.train()
    world.score()
    told = world.sql(
        "select distinct reason_1, abs(reason_1_effect - (a - m) * 10) < 0.2 "
        "from predictions.model join gold.ftr using (id), (select avg(a) as m from gold.ftr) "
        "where abs(a - m) > 0.1"
    )
    assert told == [("a", True)]


def test_a_table_without_the_columns_gets_them_and_keeps_them(world):
    world.train()
    world.score()
    world.score(TOP)
    assert world.sql("select count(reason_2), count(*) from predictions.model") == [(600, 600)]
    world.score({"score.explain": {"top": 3}})
    assert world.sql("select count(reason_3) from predictions.model")[0][0] > 500
    world.score()
    assert world.sql("select count(reason_1), count(*) from predictions.model") == [(0, 600)]


def test_the_words_of_a_text_are_its_reasons():
    world = small_world()
    for table, label in (("trn", ", y"), ("ftr", "")):
        world.sql(
            f"create or replace table gold.{table} as select id, day, case when a > 0.5 then "
            f"'fine words' else 'foul words' end as said{label} from gold.{table}"
        )
    world.changes = TOP | {"estimator": {"preset": "text_classifier"}}
    world.changes["problem.success"] = [{"metric": "roc_auc", "at_least": 0.5}]
    world.train()
    world.score()
    told = world.sql(
        "select distinct said, reason_1, reason_1_effect > 0 from predictions.model "
        "join gold.ftr using (id) order by said"
    )
    assert told == [("fine words", "fine", True), ("foul words", "foul", False)]


@pytest.mark.parametrize(
    ("estimator", "told"),
    [
        ({"preset": "mlp"}, "mlp cannot be explained .*; allowed: .*boosted_trees"),
        ({"class": "sklearn.svm.SVC"}, "SVC cannot be explained .*; allowed: .*Ridge"),
    ],
)
def test_what_cannot_be_explained_is_refused_when_it_is_declared(world, estimator, told):
    with pytest.raises(UsageError, match=told):
        world.spec(TOP | {"estimator": estimator})
    world.spec({"estimator": estimator})


def test_a_key_named_like_a_reason_is_refused(world):
    with pytest.raises(UsageError, match=r"score.key names 'reason_1', a column that every"):
        world.spec({"score.key": ["reason_1"]})


def test_the_classes_that_may_be_declared_are_those_taken_apart():
    taken = {each.__name__ for each in (*BOOSTED, *FORESTS, *LINEAR) if each != BaseDecisionTree}
    trees = {each.__name__ for each in BaseDecisionTree.__subclasses__()}
    every = trees | {f"Extra{name.removeprefix('Decision')}" for name in trees}
    assert taken | every == set(CLASSES)
