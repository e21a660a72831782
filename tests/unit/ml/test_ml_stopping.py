import numpy as np
import pytest

from ml.data.dataset import find_training_set, read
from ml.data.holdout import hold_out
from ml.fitting.learning import learn, stop_split
from ml.versions import registry
from tests.unit.ml.world import NOW

CHEAP = {"estimator.params": {"max_iter": 3}}


def prepared(world, changes):
    spec = world.spec(changes)
    found = find_training_set(world.conn, spec, world.relations, NOW)
    return spec, found, hold_out(spec, found, read(world.conn, found))


def test_boosted_trees_stop_on_the_latest_rows_where_the_split_is_by_time(world):
    params = {"max_iter": 200, "early_stopping": True, "validation_fraction": 0.25}
    changes = {"estimator.params": params}
    spec, _, parts = prepared(world, changes)
    early, late = stop_split(spec, parts.learnt)
    times = parts.learnt.times
    assert times[early].max() < times[late].min()
    assert (len(early), len(late)) == (360, 120)
    made = registry.load(world.conn, world.train(changes)).estimator
    assert made.n_iter_ < 200
    assert len(made.validation_score_) == made.n_iter_ + 1


@pytest.mark.parametrize(
    "changes",
    [
        {"estimator.params": {"early_stopping": False}},
        {"estimator.params": {"max_iter": 5}},
        {"estimator.params": {"early_stopping": True, "validation_fraction": None}},
        {"estimator.params": {"early_stopping": True}, "train.split": {"by": "random"}},
        {"estimator": {"preset": "logistic_regression"}},
    ],
)
def test_else_they_stop_as_scikit_learn_does(world, changes):
    spec, _, parts = prepared(world, changes)
    assert stop_split(spec, parts.learnt) is None


def test_a_class_that_only_the_latest_rows_have_is_learnt(world):
    world.sql(
        "create or replace table gold.trn as select * replace (case when day >= '2025-02-19' "
        "and b > 60 then 'new' else y::varchar end as y) from gold.trn"
    )
    spec, _, parts = prepared(world, {"estimator.params": {"early_stopping": True}})
    assert stop_split(spec, parts.learnt) is None


@pytest.mark.parametrize(
    "change",
    [
        {"train.split.embargo_days": 7},
        {"train.validate": {"folds": 2}},
        {"estimator.calibrate": {"method": "sigmoid", "folds": 2}},
        {"estimator.decide": {"threshold": 0.3}},
    ],
)
def test_whatever_decides_what_comes_out_trains_anew(world, change):
    world.train(CHEAP)
    assert not world.train({**CHEAP, **change}).reused
    assert world.train({**CHEAP, **change}).reused


def test_a_feature_that_only_rows_that_stop_the_trees_have_is_learnt_as_one_that_tells_nothing(
    world,
):
    params = {"estimator.params": {"max_iter": 3, "early_stopping": True}}
    _, _, parts = prepared(world, params)
    early, late = stop_split(world.spec(params), parts.learnt)
    first = min(parts.learnt.times[late])
    assert max(parts.learnt.times[early]) < first
    world.sql(f"update gold.trn set a = null where epoch_us(day) < {first}")
    spec, found, parts = prepared(world, params)
    inputs = learn(spec, found, parts.learnt).encoder.encode(parts.held.features)
    told = learn(spec, found, parts.learnt).tell(inputs)
    inputs[:, 0] = np.nan
    assert np.array_equal(told, learn(spec, found, parts.learnt).tell(inputs))
