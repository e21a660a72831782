import json

import numpy as np
import pytest

from ml.data.dataset import find_training_set, read
from ml.data.holdout import hold_out
from ml.errors import PipelineError, UsageError
from ml.evaluation.metrics import classification
from ml.fitting.learning import learn
from ml.fitting.out_of_fold import judge_folds, make_folds
from ml.versions import registry
from tests.unit.ml.world import NOW

COST = {"cost": {"false_positive": 1, "false_negative": 9}}
CHEAP = {"estimator.params": {"max_iter": 3}}


def prepared(world, changes):
    spec = world.spec(changes)
    found = find_training_set(world.conn, spec, world.relations, NOW)
    return spec, found, hold_out(spec, found, read(world.conn, found))


def evaluated(world, data):
    return {
        (segment, metric): (value, low, high)
        for segment, metric, value, low, high in world.sql(
            f"select segment, metric, value, low, high from ml.evaluations where data = '{data}'"
        )
    }


def test_groups_are_held_out_whole(world):
    changes = {"train.split": {"by": "random", "test": 0.3, "group": ["b"]}}
    _, _, parts = prepared(world, changes)
    learnt, held = (set(part.features.column(1).to_pylist()) for part in (parts.learnt, parts.held))
    assert not learnt & held
    assert abs(len(parts.held.labels) - 180) <= 5
    assert set(parts.learnt.groups).isdisjoint(parts.held.groups)
    assert world.train(changes).status == "champion"


@pytest.mark.parametrize(
    "mark", ["day > date '2025-02-20'", "if(day > date '2025-02-20', 'test', 'train')"]
)
def test_a_column_says_what_is_held_out_and_is_no_feature(world, mark):
    world.sql(f"create or replace table gold.trn as select *, {mark} as mark from gold.trn")
    made = world.train({"train.split": {"by": "column", "column": "mark"}})
    assert (made.train_rows, made.test_rows, made.test_from) == (480, 120, None)
    assert [each["name"] for each in json.loads(made.features)] == ["a", "b", "c", "d"]
    assert made.metrics == world.train().metrics  # the same rows as by time


@pytest.mark.parametrize(
    ("mark", "error", "told"),
    [
        ("if(id = 'K0001', 'later', 'test')", PipelineError, ["'later' (1 rows)", "test (held"]),
        ("if(id = 'K0001', null, true)", PipelineError, ["null (1 rows)", "allowed: true (held"]),
        ("if(id = 'K0001', 'Test', 'train')", PipelineError, ["'Test' (1 rows)"]),
        ("'test'", PipelineError, ["leaves nothing to be learnt from of its 600 rows"]),
        ("false", PipelineError, ["leaves nothing to be held out of its 600 rows"]),
        ("1", UsageError, ["train.split.column 'mark' is INTEGER", "allowed: BOOLEAN"]),
    ],
)
def test_a_column_that_does_not_say_it_is_refused(world, mark, error, told):
    world.sql(f"create or replace table gold.trn as select *, {mark} as mark from gold.trn")
    with pytest.raises(error) as caught:
        world.train({"train.split": {"by": "column", "column": "mark"}})
    assert all(piece in str(caught.value) for piece in told), str(caught.value)


@pytest.mark.parametrize("key", ["column", "group"])
def test_a_column_that_is_not_there_is_named(world, key):
    split = {"column": {"by": "column", "column": "dd"}, "group": {"by": "random", "group": ["dd"]}}
    with pytest.raises(UsageError, match=f"train.split.{key} names 'dd', .* it has: d,"):
        world.train({"train.split": split[key]})


def test_an_embargo_leaves_the_days_before_the_hold_out_out(world):
    made = world.train({"train.split.embargo_days": 8})
    assert (made.train_rows, made.test_rows, made.data_rows) == (420, 120, 600)
    with pytest.raises(PipelineError, match="is 800 days or more"):
        world.train({"train.split.embargo_days": 800})


def test_a_class_left_out_by_the_embargo_is_not_told(world):
    world.sql(
        "create or replace table gold.trn as select * replace "
        "(if(day = '2025-02-19' and b > 50, 'new', y::varchar) as y) from gold.trn"
    )
    with pytest.raises(PipelineError, match="has 'y' as new, which occurs only"):
        world.train({"train.split.embargo_days": 8})


def test_without_a_split_a_version_is_judged_out_of_fold(world):
    changes = {"train.split": {"by": "none"}}
    made = world.train(changes)
    assert (made.train_rows, made.test_rows, made.test_from) == (600, 0, None)
    spec, found, parts = prepared(world, changes)
    told = judge_folds(spec, found, parts.learnt, make_folds(spec, found, parts.learnt, 5))
    assert list(told.at) == list(range(600))
    (oracle,) = classification(told.truth, told.told, np.ones((1, 600)))["roc_auc"]
    assert made.metrics["roc_auc"] == pytest.approx(oracle)
    assert made.metrics["roc_auc"] < evaluated(world, "train")["all", "roc_auc"][0]
    assert evaluated(world, "validation")["all", "roc_auc"][0] == pytest.approx(oracle, abs=0.02)


def test_validation_is_the_mean_over_the_folds_with_the_least_and_the_greatest(world):
    world.train({"train.validate": {"folds": 3}, **CHEAP})
    kept = evaluated(world, "validation")
    folds = [kept[f"fold={number}", "roc_auc"][0] for number in (1, 2, 3)]
    assert kept["all", "roc_auc"] == pytest.approx((np.mean(folds), min(folds), max(folds)))
    assert len(kept) == 4 * 6


def test_by_time_a_fold_is_judged_by_what_came_before_it(world):
    spec, found, parts = prepared(world, {"train.split.embargo_days": 7})
    rows = parts.learnt
    folds = make_folds(spec, found, rows, 3)
    for fold in folds:
        first = rows.times[fold.judged].min()
        assert rows.times[fold.learnt].max() < first - 7 * 86_400_000_000


@pytest.mark.parametrize(
    ("split", "told"),
    [
        ({"by": "time"}, "cannot be cut into 9 folds: there are 8 different times; 10 are needed"),
        ({"by": "random", "group": ["d"]}, "cannot be cut into 9 folds: there are"),
    ],
)
def test_rows_that_cannot_be_cut_are_refused(world, split, told):
    with pytest.raises(PipelineError, match=told):
        world.train({"train.split": split, "train.validate": {"folds": 9}, **CHEAP})


def test_a_fold_that_has_one_class_to_learn_from_is_refused(world):
    world.sql("update gold.trn set y = false where day < '2025-01-25'")
    with pytest.raises(PipelineError, match="fold 1 of 3 has .* in all of which 'y' is 'false'"):
        world.train({"train.validate": {"folds": 3}, **CHEAP})


def test_a_fold_knows_no_category_of_the_rows_it_judges(world, monkeypatch):
    world.sql("update gold.trn set c = 'only ' || day")
    spec, found, parts = prepared(world, CHEAP)
    folds = make_folds(spec, found, parts.learnt, 3)
    known = []

    def listen(spec, found, rows):
        model = learn(spec, found, rows)
        known.append(set(model.encoder.features[2].categories))
        return model

    monkeypatch.setattr("ml.fitting.out_of_fold.learn", listen)
    judge_folds(spec, found, parts.learnt, folds)
    for fold, categories in zip(folds, known, strict=True):
        judged = set(parts.learnt.features.take(fold.judged).column(2).to_pylist())
        assert categories
        assert not judged & categories


def test_a_class_unknown_to_a_fold_is_told_as_impossible(world):
    world.sql(
        "create or replace table gold.trn as select * replace (case when a < 0.3 then 'low' "
        "when day < '2025-01-20' or a < 0.7 then 'mid' else 'new' end as y) from gold.trn"
    )
    spec, found, parts = prepared(world, CHEAP)
    told = judge_folds(spec, found, parts.learnt, make_folds(spec, found, parts.learnt, 3))
    assert told.told.shape[1] == 3
    assert np.allclose(told.told.sum(axis=1), 1)
    assert not told.told[told.fold == 0, 2].any()
    assert told.told[told.fold == 2, 2].any()


@pytest.mark.parametrize("method", ["isotonic", "sigmoid"])
def test_a_calibrated_version_scores_calibrated_and_is_judged_so(world, method):
    changes = {"estimator.calibrate": {"method": method, "folds": 3}}
    made = world.train(changes)
    model = registry.load(world.conn, made)
    spec, found, parts = prepared(world, changes)
    rows = parts.learnt
    out = judge_folds(spec, found, rows, make_folds(spec, found, rows, 3))
    bare = learn(spec, found, rows)  # fitted on every row learnt from
    inputs = bare.encoder.encode(parts.held.features)
    assert np.allclose(model.tell(inputs), model.calibrated(bare.tell(inputs)))
    assert not np.allclose(model.tell(inputs), bare.tell(inputs))
    (oracle,) = classification(parts.held.labels, model.tell(inputs), np.ones((1, 120)))["log_loss"]
    assert made.metrics["log_loss"] == pytest.approx(oracle)
    assert len(out.at) < len(rows.labels)
    world.score(changes)
    score = dict(world.sql("select id, score from predictions.model"))
    assert set(np.round(model.tell(inputs)[:, 1], 12)) <= {round(x, 12) for x in score.values()}


def test_without_a_split_no_row_is_calibrated_by_its_own_score(world):
    changes = {"train.split": {"by": "none"}, **CHEAP}
    bare = world.train(changes)
    calibrated = world.train({**changes, "estimator.calibrate": {"method": "isotonic"}})
    # Curves through their own points would make the order of scores better; others' do not.
    assert calibrated.metrics["roc_auc"] == pytest.approx(bare.metrics["roc_auc"], abs=0.03)
    assert calibrated.metrics["log_loss"] < bare.metrics["log_loss"]


def test_a_threshold_is_told_or_found_and_decides(world):
    fixed = world.train({"estimator.decide": {"threshold": 0.2}})
    assert fixed.threshold == 0.2
    changes = {"estimator.decide": COST}
    found = world.train(changes)
    assert 0 < found.threshold < 0.4
    world.score(changes)
    rows = world.sql("select prediction, score from predictions.model")
    assert all(told == (score >= found.threshold) for told, score in rows)
    assert {told for told, _ in rows} == {True, False}


def test_the_threshold_is_the_cheapest_on_calibrated_scores_out_of_fold(world):
    changes = {
        "estimator.decide": COST,
        "estimator.calibrate": {"method": "sigmoid", "folds": 2},
        "train.split": {"by": "random"},
        **CHEAP,
    }
    made = world.train(changes)
    spec, found, parts = prepared(world, changes)
    out = judge_folds(spec, found, parts.learnt, make_folds(spec, found, parts.learnt, 2))
    scores = registry.load(world.conn, made).calibrated(out.told)[:, 1]

    def cost(threshold):
        told = scores >= threshold
        return np.sum(told & (out.truth == 0)) + 9 * np.sum(~told & (out.truth == 1))

    assert cost(made.threshold) == min(cost(each) for each in [*scores, 0.0, 1.1])


def test_a_threshold_for_more_than_two_classes_is_refused(world):
    world.sql(
        "create or replace table gold.trn as select * replace "
        "((case when a < 0.3 then 0 when a < 0.7 then 1 else 2 end) as y) from gold.trn"
    )
    with pytest.raises(UsageError, match="has 3 classes: 0, 1, 2; allowed: with two classes only"):
        world.train({"estimator.decide": {"threshold": 0.5}})
