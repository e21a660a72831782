import json
from itertools import count

import numpy as np
import pytest

from ml.data.dataset import find_training_set, read
from ml.data.holdout import hold_out
from ml.declaration.estimator import Range
from ml.errors import UsageError
from ml.fitting.ranges import draw, ends
from ml.fitting.tuning import rungs, tuned
from ml.train import train
from ml.versions.provenance import Provenance
from tests.unit.ml.world import NOW

PARAMS = {
    "learning_rate": {"low": 0.001, "high": 1, "log": True},
    "max_leaf_nodes": [2, 3, 15],
    "min_samples_leaf": {"low": 5, "high": 50},
}
TUNE = {"params": PARAMS, "trials": 6, "folds": 2}
CHANGES = {"tune": TUNE, "estimator.params": {"max_iter": 5}}


def ranges(**given):
    return {name: Range.model_validate(each) for name, each in given.items()}


def searched(world, changes, clock=None):
    spec = world.spec(changes)
    found = find_training_set(world.conn, spec, world.relations, NOW)
    rows = hold_out(spec, found, read(world.conn, found)).learnt
    told = []
    steps = {} if clock is None else {"clock": clock}
    chosen, trials = tuned(spec, found, rows, told.append, **steps)
    return chosen, trials, told


def grow(world, many):
    """More of the same rows, so that there is more than one rung."""
    world.sql(
        "create or replace table gold.trn as select * replace (id || '-' || n as id) "
        f"from gold.trn, range({many}) as t(n)"
    )


def test_settings_are_drawn_from_what_is_declared():
    given = ranges(
        list=[1, "a", None], whole={"low": 3, "high": 5}, real={"low": 0.5, "high": 2.5},
        ratio={"low": 1e-4, "high": 1.0, "log": True}, count={"low": 1, "high": 100, "log": True},
    )  # fmt: skip
    drawn = draw(given, 400, seed=0)
    assert len(drawn) == 400
    assert {str(each["list"]) for each in drawn} == {"1", "a", "None"}
    assert {each["whole"] for each in drawn} == {3, 4, 5}
    assert all(isinstance(each["count"], int) and 1 <= each["count"] <= 100 for each in drawn)
    assert all(0.5 <= each["real"] <= 2.5 for each in drawn)
    logs = np.log10([each["ratio"] for each in drawn])
    assert np.allclose(np.histogram(logs, 4, (-4, 0))[0], 100, atol=30)
    assert abs(np.median(np.log10([each["count"] for each in drawn])) - 1) < 0.15


def test_the_same_seed_draws_the_same_in_whatever_order_they_are_declared():
    given = ranges(**PARAMS)
    turned = dict(reversed(given.items()))
    assert draw(given, 9, seed=1) == draw(turned, 9, seed=1)
    assert draw(given, 9, seed=1) != draw(given, 9, seed=2)


def test_no_setting_is_drawn_twice_and_few_are_all_tried():
    given = ranges(one=[1, 2], two={"low": 1, "high": 3})
    drawn = draw(given, 30, seed=0)
    assert sorted((each["one"], each["two"]) for each in drawn) == [
        (one, two) for one in (1, 2) for two in (1, 2, 3)
    ]


def test_both_ends_and_every_value_listed_are_held_against_scikit_learn(world):
    assert list(ends(ranges(a=[1, 2], b={"low": 3, "high": 4}))) == [
        ("a", 1), ("a", 2), ("b", 3), ("b", 4),
    ]  # fmt: skip
    world.sql("drop table gold.trn")  # nothing is read before it is refused
    for given in ([0.1, "fast"], {"low": -1.0, "high": 1.0}):
        with pytest.raises(UsageError, match="learning_rate"):
            world.train({"tune": {"params": {"learning_rate": given}}})


@pytest.mark.parametrize(
    ("trials", "rows", "wanted"),
    [
        (30, 1_000_000, [(30, 37_037), (10, 111_111), (4, 333_333), (2, 1_000_000)]),
        (30, 5_000, [(30, 1_666), (10, 5_000)]),
        (30, 500, [(30, 500)]),
        (2, 1_000_000, [(2, 1_000_000)]),
    ],
)
def test_each_rung_has_a_third_of_the_settings_and_three_times_the_rows(trials, rows, wanted):
    assert rungs(trials, rows) == wanted


def test_the_best_setting_is_kept_with_the_version_and_every_trial_beside_it(world):
    told = []
    version = train(
        world.conn, world.spec(CHANGES), world.relations, Provenance("r"), now=NOW,
        tell=told.append,
    )  # fmt: skip
    rows = world.sql(
        "select trial, rung, params, rows, metric, value, seconds from ml.trials "
        "where model = 'model' and version = 1 order by rung, trial"
    )
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5, 6]
    best = max(rows, key=lambda row: row[5])
    assert json.loads(version.params) == {"max_iter": 5, **json.loads(best[2])}
    assert all(row[1] == 1 and row[3] == 480 and row[4] == "roc_auc" for row in rows)
    assert "tuning model, rung 1 of 1, 480 rows: 2 of 6, best roc_auc" in told[2]
    assert "fitting model on 480 rows" in told
    assert json.loads(version.spec)["tune"]["trials"] == 6


def test_the_same_seed_and_data_choose_the_same(world):
    first = world.train(CHANGES)
    world.forget()
    second = world.train(CHANGES)
    assert (first.params, first.artifact_sha256) == (second.params, second.artifact_sha256)
    world.forget()
    assert world.train({**CHANGES, "estimator.seed": 1}).params != first.params


def test_the_best_third_goes_on_to_three_times_the_rows(world):
    grow(world, 9)
    _, trials, told = searched(world, CHANGES)
    first = [each for each in trials if each.rung == 1]
    second = [each for each in trials if each.rung == 2]
    assert [each.rows for each in second] == [4320, 4320]
    assert all(abs(each.rows - 1440) <= 2 for each in first)
    best = sorted(first, key=lambda each: -each.value)[:2]
    assert [each.trial for each in second] == [each.trial for each in best]
    assert any("rung 2 of 2, 4,320 rows: 1 of 2, best" in text for text in told)


def test_a_metric_to_be_lowered_is_lowered(world):
    chosen, trials, _ = searched(world, {**CHANGES, "tune": {**TUNE, "metric": "log_loss"}})
    best = min(trials, key=lambda each: each.value)
    assert best.metric == "log_loss"
    assert chosen.estimator.params["learning_rate"] == best.params["learning_rate"]


def test_when_the_minutes_run_out_the_best_so_far_is_taken(world):
    ticks = count()
    changes = {**CHANGES, "tune": {**TUNE, "minutes": 0.1}}
    chosen, trials, _ = searched(world, changes, clock=lambda: float(next(ticks)))
    assert 1 <= len(trials) < 6
    best = max(trials, key=lambda each: each.value)
    assert all(chosen.estimator.params[name] == each for name, each in best.params.items())


def test_one_setting_is_tried_however_few_the_minutes(world):
    late = count(step=1e9)
    changes = {**CHANGES, "tune": {**TUNE, "minutes": 0.001}}
    _, trials, _ = searched(world, changes, clock=lambda: float(next(late)))
    assert len(trials) == 1


def test_a_search_that_changes_trains_anew(world):
    world.train(CHANGES)
    assert world.train(CHANGES).reused
    assert not world.train({**CHANGES, "tune": {**TUNE, "folds": 3}}).reused


def test_a_number_is_searched_for_too(world):
    world.sql("update gold.trn set b = 40 where b is null")
    changes = {
        **CHANGES,
        "train.label": "b",
        "problem.success": [{"metric": "rmse", "at_most": 100}],
    }
    chosen, trials, _ = searched(world, changes)
    assert (
        chosen.estimator.params["learning_rate"]
        == min(trials, key=lambda each: each.value).params["learning_rate"]
    )
