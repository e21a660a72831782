"""What is watched run after run: what has changed is measured anew, and an alarm stands."""

from datetime import date
from typing import Any

import dagster as dg
import duckdb
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ml.monitoring.health import health_of
from ml.monitoring.keeping import Place, Profiled, Window
from ml.monitoring.profile import SortedNumbers
from ml.monitoring.rows import Looked
from ml.monitoring.windows import against
from orchestration.assets.watching import _drift, _performance
from tests.unit.ml.watching import WEEKS, drift, late, performance, score_later, watched
from tests.unit.ml.world import World

RUNS: dict[str, Any] = {"monitor": {"psi": 0.2}}
KEY = dg.AssetKey("predictions")


def test_rows_that_are_scored_again_are_measured_again(world: World) -> None:
    late(world)
    world.train(RUNS)
    world.score(RUNS)
    world.sql("insert into gold.trn from gold.labels where day >= date '2025-02-26'")
    before = watched(world, RUNS).performed
    assert before
    # Not one label has changed, and every prediction has.
    world.sql("update gold.ftr set a = 1 - a")
    world.score(RUNS, "run-2")
    watched(world, RUNS, "run-2")
    truth, told = zip(*world.sql(
        "select y, score from gold.labels join predictions.model as p "
        "on p.id = labels.id and p.as_of_date = day where day >= date '2025-02-26'"
    ), strict=True)  # fmt: skip
    assert performance(world, "realised")["roc_auc"][0] == pytest.approx(roc_auc_score(truth, told))


def test_estimates_follow_what_is_scored_again_before_any_label(world: World) -> None:
    late(world)
    calibrated = RUNS | {"estimator.calibrate": {"method": "sigmoid", "folds": 3}}
    world.train(calibrated)
    world.score(calibrated)
    watched(world, calibrated)
    world.sql("update gold.ftr set a = a + 2")
    world.score(calibrated, "run-2")
    watched(world, calibrated, "run-2")
    ((expected,),) = world.sql(
        "select sum(score) from predictions.model where as_of_date >= '2025-02-26' and prediction"
    )
    told = performance(world, "estimated")["true_positives"][0]
    assert told == pytest.approx(float(expected))


def test_an_alarm_of_performance_stands_until_it_is_measured_anew(world: World) -> None:
    late(world)
    world.train(RUNS)
    world.score(RUNS)
    world.sql("insert into gold.trn select * replace (not y as y) from gold.labels "
              "where day >= date '2025-02-26'")  # fmt: skip
    for run in ("run-1", "run-2"):
        found = watched(world, RUNS, run)
        check = _performance(found, world.spec(RUNS), KEY)
        assert not check.passed, run
        assert "is worse than on the rows held out" in str(check.description)
    assert found.performed == []
    world.sql("delete from gold.trn where day >= date '2025-02-26'")
    world.sql("insert into gold.trn from gold.labels where day >= date '2025-02-26'")
    assert _performance(watched(world, RUNS, "run-3"), world.spec(RUNS), KEY).passed


def test_labels_of_an_earlier_window_raise_their_alarm_when_they_come(world: World) -> None:
    """Of the last week that was scored there is no label yet."""
    late(world)
    world.train(WEEKS)
    world.score(WEEKS)
    world.sql("insert into gold.trn select * replace (not y as y) from gold.labels "
              "where day = date '2025-02-26'")  # fmt: skip
    (alarm,) = watched(world, WEEKS).performance_alarms
    assert alarm.window.end == date(2025, 2, 26)
    told = [each for each in health_of(world.conn, "model").alarms if "kind" in each]
    assert [each["window_to"] for each in told] == [date(2025, 2, 26)]


def test_what_cannot_be_measured_of_performance_is_told_by_its_check_and_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise duckdb.Error("it is broken")

    world.train(WEEKS)
    score_later(world, WEEKS, 0)
    monkeypatch.setattr("ml.monitoring.watch.measure_performance", fails)
    found = watched(world, WEEKS)
    (note,) = found.notes
    assert note == "performance of model could not be measured: it is broken"
    check = _performance(found, world.spec(WEEKS), KEY)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert note in str(check.description)
    assert _drift(found, world.spec(WEEKS), KEY).passed


def test_a_training_set_without_its_time_column_is_told_and_the_rest_goes_on(
    world: World,
) -> None:
    world.train(WEEKS)
    score_later(world, WEEKS, 0)
    world.sql("alter table gold.trn drop column day")
    found = watched(world, WEEKS)
    assert any(
        "train.time names 'day', which is not a column of gold.trn" in note
        for note in found.performance_notes
    )
    assert found.moved


def test_a_window_of_a_table_that_rolls_is_one_window(world: World) -> None:
    world.train(WEEKS)
    for at in range(3):
        world.sql(
            "create or replace table gold.ftr as select id, a, b, c, d, date '2025-04-08' + "
            f"{at} + (row_number() over (order by id) % 7)::int as day from gold.trn"
        )
        world.score(WEEKS)
        watched(world, WEEKS, f"run-{at}")
    for table in ("drift_metrics", "profile_metrics", "performance"):
        windows = world.sql(
            "select date_trunc('week', window_from), count(distinct (window_from, window_to)) "
            f"from ml.{table} where window_from >= date '2025-04-01' group by 1 order by 1"
        )
        assert [many for _, many in windows] == [1, 1], table


def test_a_column_named_as_ours_is_no_window(world: World) -> None:
    for table in ("trn", "ftr"):
        world.sql(f"alter table gold.{table} add column period integer")
        world.sql(f"update gold.{table} set period = a * 3")
    world.train(WEEKS)
    world.score(WEEKS)
    found = watched(world, WEEKS)
    assert found.notes == []
    assert len({each.window for each in found.moved}) == 10


def test_labels_are_held_against_the_window_before_and_by_segment(world: World) -> None:
    changes = {"monitor": {"psi": 0.2, "window": "week", "baseline": "before", "segments": ["c"]}}
    for table in ("trn", "ftr"):
        # Each colour in each week.
        world.sql(f"update gold.{table} set c = "
                  "['red', 'blue'][1 + cast(substr(id, 2) as integer) // 10 % 2]")  # fmt: skip
    late(world)
    world.train(changes)
    world.score(changes)
    world.sql("insert into gold.trn from gold.labels where day = date '2025-02-26'")
    assert watched(world, changes).labels
    # What was scored in the week after has been measured by now, and its labels have not.
    world.sql("insert into gold.trn select * replace (true as y) from gold.labels "
              "where day = date '2025-03-05'")  # fmt: skip
    found = watched(world, changes, "run-2")
    segments = ("all", "c=blue", "c=red")
    for baseline, since in (("training", date(2025, 1, 1)), ("before", date(2025, 2, 26))):
        held = {
            each.place.segment: each.against.window.start
            for each in found.labels
            if each.baseline == baseline and each.against and each.drift.psi is not None
            and each.window.end == date(2025, 3, 5)
        }  # fmt: skip
        assert held == dict.fromkeys(segments, since)
    labels = [each for each in found.drift_alarms if each.place.role == "label"]
    assert ("before", "all") in {(each.baseline, each.place.segment) for each in labels}
    assert {each.baseline for each in labels} == {"before"}
    assert drift(world, "role = 'label' and is_alarm")


def test_a_metric_that_cannot_be_measured_of_three_classes_says_why(world: World) -> None:
    changes = {**RUNS, "problem.success": [{"metric": "log_loss", "at_most": 5}]}
    world.sql("create or replace table gold.trn as select * replace (case when a > 0.66 then 'x' "
              "when a > 0.33 then 'y' else 'z' end as y) from gold.trn")  # fmt: skip
    late(world)
    world.train(changes)
    world.score(changes)
    world.sql("insert into gold.trn from gold.labels where day >= date '2025-02-26'")
    assert watched(world, changes).notes == []
    told = performance(world, "realised")
    value, *_, rows, _, reason = told["log_loss"]
    assert (value, rows) == (None, 120)
    assert reason == (
        "of more than two classes only the score of the one told is kept; accuracy, f1 are measured"
    )
    assert told["accuracy"][0] > 0.9
    assert told["accuracy"][-1] is None
    assert set(told) == {"log_loss", "accuracy", "f1"}


def test_a_number_is_not_held_against_the_length_of_a_document() -> None:
    place, values = Place("feature", "a"), SortedNumbers.of(np.array([1.0, 2.0]))
    kept = Profiled(place, "length", Window(None, None), 2, 2, values.profile)
    looked = Looked(place, "number", 2, 2, values)
    spec = World(duckdb.connect()).spec()
    (found,) = against(spec, [looked], Window(None, None), {place: kept}, "training")
    assert found.reason == "it is a number now and was a length"
