"""A model is watched once it scores: performance, from labels that come later and before them."""

from typing import Any

import pytest
from sklearn.metrics import roc_auc_score

from tests.unit.ml.watching import LATER, WEEKS, drift, late, performance, watched
from tests.unit.ml.world import World


def test_labels_that_come_later_tell_how_good_predictions_were(world: World) -> None:
    late(world)
    runs: dict[str, Any] = {"monitor": {"psi": 0.2}}
    world.train(runs)
    world.score(runs)
    watched(world, runs)
    assert performance(world, "realised")["roc_auc"][3:] == (0, 120, "no label has come yet")
    world.sql("insert into gold.trn from gold.labels where day = date '2025-02-26'")
    watched(world, runs)
    assert performance(world, "realised")["roc_auc"][3:] == (60, 120, None)
    world.sql("insert into gold.trn from gold.labels where day = date '2025-03-05'")
    found = watched(world, runs, "run-2")
    truth, told = zip(*world.sql(
        "select y, score from gold.labels join predictions.model as p "
        "on p.id = labels.id and p.as_of_date = day where day >= date '2025-02-26'"
    ), strict=True)  # fmt: skip
    value, low, high, rows, _, _ = performance(world, "realised")["roc_auc"]
    assert value == pytest.approx(roc_auc_score(truth, told))
    assert low < value < high
    assert rows == 120
    assert {each.metric for each in found.performed} >= {"roc_auc", "log_loss", "f1"}
    # Nothing has come since: nothing is measured again.
    assert watched(world, runs, "run-3").performed == []
    assert world.sql("select distinct run_id from ml.performance") == [("run-2",)]


def test_a_performance_worse_than_held_out_beyond_chance_is_an_alarm(world: World) -> None:
    late(world)
    runs: dict[str, Any] = {"monitor": {"psi": 0.2}}
    world.train(runs)
    world.score(runs)
    world.sql("insert into gold.trn select * replace (not y as y) from gold.labels "
              "where day >= date '2025-02-26'")  # fmt: skip
    found = watched(world, runs)
    (alarm,) = found.performance_alarms
    assert alarm.reason
    assert alarm.reason.startswith("roc_auc 0.")
    assert "is worse than on the rows held out" in alarm.reason


def test_what_cannot_be_told_of_performance_says_why(world: World) -> None:
    late(world)
    world.train()
    world.score()
    watched(world, {})
    assert "estimator.calibrate" in str(performance(world, "estimated")["roc_auc"][-1])
    no_time = {"train.time": None, "train.split": {"by": "random"}}
    (told,) = watched(world, no_time).performed
    assert "train.time is missing" in str(told.reason)


def test_a_calibrated_model_has_an_estimate_before_any_label(world: World) -> None:
    late(world)
    calibrated: dict[str, Any] = {"estimator.calibrate": {"method": "sigmoid", "folds": 3}}
    world.train(calibrated)
    world.score(calibrated)
    watched(world, calibrated)
    value, low, high, rows, *_ = performance(world, "estimated")["accuracy"]
    assert low < value < high
    assert rows == 120
    world.sql("insert into gold.trn from gold.labels where day >= date '2025-02-26'")
    watched(world, calibrated)
    realised = performance(world, "realised")["accuracy"][0]
    estimated = performance(world, "estimated")["accuracy"]
    assert estimated[1] - 0.1 < realised < estimated[2] + 0.1


def test_rows_of_one_key_tell_the_same_over_again_and_count_as_one(world: World) -> None:
    """Twenty rows of each of thirty keys, a little off: an accident of thirty, not of 600."""
    world.train(WEEKS)
    world.sql(
        "create or replace table gold.ftr as select t.id, t.a, t.b, t.c, t.d, "
        f"date '{LATER}' + (i % 20)::integer as day from gold.trn as t, range(20) as r(i) "
        "where t.id < 'K0030'"
    )
    changes = {"monitor": {"psi": 0.05}}
    world.score(changes)
    assert watched(world, changes).drift_alarms == []
    [(rows, keys)] = world.sql(
        "select distinct rows, keys from ml.profile_metrics where data = 'scoring'"
    )
    assert (rows, keys) == (600, 30)
    psi = world.sql("select max(psi) from ml.drift_metrics where baseline = 'training'")[0][0]
    assert psi > 0.05


def test_labels_that_come_later_are_held_against_those_learnt_from(world: World) -> None:
    late(world)
    runs: dict[str, Any] = {"monitor": {"psi": 0.2}}
    world.train(runs)
    world.score(runs)
    world.sql("insert into gold.trn select * replace (true as y) from gold.labels "
              "where day >= date '2025-02-26'")  # fmt: skip
    found = watched(world, runs)
    assert [each.place.role for each in found.drift_alarms] == ["label"]
    [(name, psi, alarm, *_)] = drift(world, "role = 'label'")
    assert (name, alarm) == ("y", True)
    assert psi > 0.2
    # What is not measured again stays.
    watched(world, runs, "run-2")
    assert len(drift(world, "role = 'label'")) == 1
