"""Predictions as features: what is told of a row by what has learnt from earlier rows alone."""

from datetime import timedelta

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from ml.errors import PipelineError, UsageError
from ml.relation import Relation
from tests.unit.ml.as_feature import ASKED, told, week

PLAIN = {"train.features": {"include": ["a", "b", "d"]}}
# A tree without an end knows each row it has learnt from by heart.
MEMORY = {
    "estimator": {"class": "sklearn.tree.DecisionTreeClassifier"},
    "problem.success": [{"metric": "roc_auc", "at_least": 0}],
}


@pytest.mark.parametrize(("folds", "embargo"), [(2, 0), (5, 0), (3, 10)])
def test_each_row_is_told_by_a_model_of_the_rows_up_to_learnt_until(world, folds, embargo):
    changes = {**PLAIN, "score.as_feature": {"folds": folds}, "train.split.embargo_days": embargo}
    world.sql("delete from gold.trn where hash(id) % 3 = 0")
    world.train(changes)
    assert world.score(changes).rows == 600
    rows = world.sql(
        "select learnt_until, p.as_of_date::timestamp, a, b, d::double, feature_score, "
        "feature_prediction from predictions.model as p join gold.ftr using (id) order by id"
    )
    learnt = world.sql("select day::timestamp, a, b, d::double, y from gold.trn order by id")
    untils = sorted({row[0] for row in rows if row[0] is not None})
    assert len(untils) == folds + 1
    for until in untils:
        early = [row for row in learnt if row[0] <= until]
        # As the engine declares it: ten rounds, seeded by 0, nulls as they are.
        model = HistGradientBoostingClassifier(max_iter=10, random_state=0)
        model.fit(np.array([row[1:4] for row in early], float), [row[4] for row in early])
        mine = [row for row in rows if row[0] == until]
        assert all(row[1] > until + timedelta(days=embargo) for row in mine)
        by_hand = model.predict_proba(np.array([row[2:5] for row in mine], float))[:, 1]
        assert [row[5] for row in mine] == by_hand.tolist()
        assert [row[6] for row in mine] == (by_hand > 0.5).tolist()
    untold = {row[1] for row in rows if row[0] is None}
    assert untold == {day for day in (week(at) for at in range(10)) if day <= max(untold)}
    assert all(row[5] is None and row[6] is None for row in rows if row[0] is None)


def test_the_version_itself_tells_from_the_first_time_held_out(world):
    made = world.train(ASKED)
    world.score(ASKED)
    columns = "as_of_date, score = feature_score and prediction = feature_prediction, learnt_until"
    held = [row for row in told(world, columns) if row[0] >= made.test_from.date()]
    assert {row[1:] for row in held} == {(True, week(7))}
    assert len(held) == 120


def test_a_prediction_by_heart_is_no_feature_and_an_earlier_one_is(world):
    """Planted: labels by lot, so that whoever seems to tell them has seen them."""
    world.sql("update gold.trn set y = hash(id, 'lot') % 2 = 0")
    changes = {**MEMORY, **ASKED}
    world.train(changes)
    world.score(changes)
    rows = world.sql(
        "select y, score, feature_score from predictions.model join gold.trn using (id) "
        "where feature_score is not null and day < '2025-02-20'"
    )
    truth, leaking, sound = (np.array(column, float) for column in zip(*rows, strict=True))
    assert roc_auc_score(truth, leaking) > 0.999
    assert abs(roc_auc_score(truth, sound) - 0.5) < 0.07
    for feature, low, high in (("score", 0.8, 1.0), ("feature_score", 0.35, 0.6)):
        world.sql(
            f"create or replace table gold.next as select id, day, y, {feature} as heard "
            "from gold.trn join predictions.model using (id) where day < '2025-02-20'"
        )
        world.relations["next"] = Relation("gold", "next")
        changes = {"train.on": "next", "problem.success": MEMORY["problem.success"]}
        world.name = "next"
        assert low <= world.train(changes).metrics["roc_auc"] <= high
        world.name = "model"


def test_who_does_not_ask_gets_the_columns_and_the_version_there_were(world):
    made = world.train()
    world.score()
    plain = world.predictions()
    names = "select column_name from (describe predictions.model)"
    columns = world.sql(names)
    assert world.sql("from ml.earlier_models") == []
    asked = world.train(ASKED)
    assert asked.artifact_sha256 == made.artifact_sha256
    assert asked.fingerprint != made.fingerprint
    world.sql("drop table predictions.model")
    world.score(ASKED)
    assert world.predictions() == plain
    assert world.sql(names)[len(columns) :] == [
        ("feature_prediction",),
        ("feature_score",),
        ("learnt_until",),
    ]


def test_a_table_that_is_there_gets_the_columns_and_keeps_them(world):
    world.train(ASKED)
    world.score()
    world.score(ASKED)
    assert world.sql("select count(feature_score) from predictions.model") == [(480,)]
    world.score()
    assert world.sql("select count(*), count(learnt_until) from predictions.model") == [(600, 0)]


def test_a_row_alone_is_told_what_it_is_told_among_all(world, monkeypatch):
    monkeypatch.setattr("ml.score.BATCH_ROWS", 50)
    world.train(ASKED)
    world.score(ASKED)
    columns = "feature_prediction, feature_score, learnt_until"
    among = told(world, columns)
    world.sql("create table gold.every as from gold.ftr")
    for number in (3, 35, 599):
        world.sql(f"create or replace table gold.ftr as from gold.every where id = 'K{number:04}'")
        world.sql("drop table predictions.model")
        world.score(ASKED)
        assert told(world, columns) == [among[number]]


def test_compiled_code_tells_the_same(world, monkeypatch):
    world.train(ASKED)
    world.score(ASKED)
    plain = told(world)
    monkeypatch.setattr("ml.scoring.stream.FEW_ROWS", 0)
    world.score(ASKED)
    assert told(world) == plain


def test_a_regression_and_a_text_are_told_too(world):
    world.sql("create or replace table gold.trn as select *, a + 1 as z from gold.trn")
    number = {
        "train.label": "z",
        "train.features": {"include": ["a", "b"]},
        "train.leak_guard": {"allow": {"a": "z is made of it here"}},
        "problem.success": [{"metric": "rmse", "at_most": 9}],
        **ASKED,
    }
    world.train(number)
    world.score(number)
    rows = told(world, "feature_prediction, feature_score, prediction")
    assert {score for _, score, _ in rows} == {None}
    assert sum(one is not None and one != own for one, _, own in rows) > 200
    world.sql(
        "create or replace table gold.trn as select id, day, y, "
        "if(y, 'good fine ', 'bad poor ') || coalesce(c, 'none') as said from gold.trn"
    )
    world.sql("create or replace table gold.ftr as from gold.trn")
    world.name = "text"
    text = {"estimator": {"preset": "text_classifier"}, **ASKED}
    text |= {"train.features": {"include": ["said"]}}
    world.train(text)
    world.score(text)
    assert world.sql("select count(feature_score) from predictions.text") == [(480,)]


def test_an_incremental_scoring_tells_once_and_again_when_it_is_first_asked(world):
    incremental = {"score.incremental": True}
    world.train(ASKED)
    assert world.score(incremental).rows == 600
    asked = {**incremental, **ASKED}
    assert world.score(asked).rows == 600
    assert world.score(asked).rows == 0
    world.sql("update gold.ftr set a = a + 1 where id = 'K0003'")
    assert world.score(asked).rows == 1
    assert world.sql("select count(feature_score) from predictions.model") == [(480,)]


def test_a_part_before_which_a_class_was_never_met_is_told_by_nobody(world):
    world.sql("update gold.trn set y = false where day < '2025-01-22'")
    world.train(ASKED)
    world.score(ASKED)
    # The parts begin in weeks 2, 4 and 6; before the first there is one class.
    assert world.sql("select tells_from, rows from ml.earlier_models order by number") == [
        (week(4), 240),
        (week(6), 360),
        (week(8), 480),
    ]
    assert world.sql(
        "select max(as_of_date) from predictions.model where feature_score is null"
    ) == [(week(3).date(),)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train.split": {"by": "random"}}, "train.split.by is 'random'.*allowed: by: time"),
        ({"tune": {"params": {"max_iter": [5, 9]}}}, "beside tune, which finds parameters"),
        ({"score.key": ["learnt_until"]}, "'learnt_until', a column that score.as_feature adds"),
        ({"score.as_feature": {"folds": 1}}, "score.as_feature.folds is 1"),
        ({"score.as_feature": {"parts": 5}}, "unknown key score.as_feature.parts"),
    ],
)
def test_what_cannot_hold_is_refused_by_name(world, changes, words):
    with pytest.raises(UsageError, match=words):
        world.spec({**ASKED, **changes})


def test_an_earlier_model_that_cannot_be_calibrated_is_named(world):
    calibrated = {"estimator.calibrate": {"folds": 2}}
    with pytest.raises(PipelineError, match=r"as of 2025-01-15 .* asks for: .* into 2 folds"):
        world.train({**ASKED, **calibrated})


def test_too_few_times_for_the_folds_are_refused(world):
    with pytest.raises(PipelineError, match="cannot be cut into 9 folds: there are 8 different"):
        world.train({"score.as_feature": {"folds": 9}})
