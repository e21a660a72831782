"""A model is watched once it scores: drift, skew and performance, window by window."""

from datetime import date

import pytest

from tests.unit.ml.watching import WEEKS, drift, score_later, watched
from tests.unit.ml.world import World


def test_unchanged_rows_raise_no_alarm_and_a_planted_drift_is_seen_within_one_window(
    world: World,
) -> None:
    world.train(WEEKS)
    score_later(world, WEEKS, 0)
    quiet = watched(world, WEEKS)
    assert (quiet.drift_alarms, quiet.notes) == ([], [])
    score_later(world, WEEKS, 1, a="a + 0.4")
    found = watched(world, WEEKS)
    told = {(each.place.role, each.place.column): each.alarms for each in found.drift_alarms}
    assert told[("feature", "a")][0].startswith("psi ")
    assert ("feature", "b") not in told
    [(_, psi, alarm, reason, rows, _)] = drift(
        world, "is_alarm and column_name = 'a' and baseline = 'training'"
    )
    assert psi > 0.2
    assert alarm
    assert "above 0.2" in reason
    assert rows == 600


def test_each_window_is_held_against_the_one_before_it(world: World) -> None:
    world.train(WEEKS)
    for week, a in enumerate(("a", "a + 0.4", "a + 0.4")):
        score_later(world, WEEKS, week, a)
        watched(world, WEEKS)
    rows = world.sql(
        "select window_to, baseline_to, psi > 0.2 from ml.drift_metrics "
        "where column_name = 'a' and baseline = 'before' order by window_to"
    )
    assert rows == [
        (date(2025, 4, 9), date(2025, 4, 2), True),
        (date(2025, 4, 16), date(2025, 4, 9), False),
    ]


def test_alarms_can_be_raised_against_the_window_before(world: World) -> None:
    before = {"monitor": WEEKS["monitor"] | {"baseline": "before"}}
    world.train(before)
    score_later(world, before, 0, a="a + 0.4")
    assert watched(world, before).drift_alarms == []
    score_later(world, before, 1)
    assert {each.baseline for each in watched(world, before).drift_alarms} == {"before"}


def test_a_table_of_many_weeks_is_measured_week_by_week_and_again_the_same(world: World) -> None:
    world.train(WEEKS)
    world.score(WEEKS)
    watched(world, WEEKS)
    tables = ("profile_metrics", "drift_metrics", "performance")
    count = [world.sql(f"select count(*) from ml.{each}") for each in tables]
    windows = "select count(distinct window_from) from ml.drift_metrics"
    assert world.sql(windows) == [(10,)]
    watched(world, WEEKS, "run-2")
    assert [world.sql(f"select count(*) from ml.{each}") for each in tables] == count
    assert world.sql("select distinct run_id from ml.drift_metrics") == [("run-2",)]


def test_segments_are_measured_apart(world: World) -> None:
    changes = {"monitor": {"psi": 0.2, "window": "week", "segments": ["c"]}}
    world.train(changes)
    score_later(world, changes, 0, a="a + case when c = 'red' then 0.6 else 0 end")
    found = watched(world, changes)
    told = {each.place.segment for each in found.drift_alarms if each.place.column == "a"}
    assert "c=red" in told
    assert not {"c=blue", "c=green", "c is null"} & told
    segments = "select distinct segment from ml.drift_metrics where role = 'score' order by 1"
    assert [name for (name,) in world.sql(segments)] == [
        "all", "c is null", "c=blue", "c=green", "c=red"
    ]  # fmt: skip


def test_predictions_are_held_against_what_was_told_of_the_rows_held_out(world: World) -> None:
    world.train(WEEKS)
    world.sql("delete from gold.ftr where day < date '2025-02-26'")
    world.score(WEEKS)
    watched(world, WEEKS)
    [(held, predictions)] = world.sql(
        "select (select test_rows from ml.model_versions), (select count(*) from predictions.model)"
    )
    # The rows held out are the last two weeks: what is scored is what the baseline is of.
    assert held == predictions
    last = world.sql("select sum(counts), max(p.mean), avg(score) from (select unnest(upto) as "
                     "counts, mean from ml.profile_metrics where role = 'score' and data = "
                     "'training') as p, predictions.model")  # fmt: skip
    assert last[0][1] == pytest.approx(last[0][2])


def test_rows_in_both_tables_that_differ_are_skew(world: World) -> None:
    world.train(WEEKS)
    world.sql("update gold.ftr set b = b + 1 where id < 'K0060' and b is not null")
    world.sql("update gold.ftr set a = a + 1e-15")
    world.score(WEEKS)
    watched(world, WEEKS)
    planted = world.sql("select count(b) / 600.0 from gold.ftr where id < 'K0060'")[0][0]
    found = {name: differ for name, *_, differ in drift(world, "baseline = 'same_rows'")}
    assert found == {"a": 0, "b": pytest.approx(float(planted)), "c": 0, "d": 0}


def test_a_window_without_rows_is_told_and_the_rest_goes_on(world: World) -> None:
    world.train(WEEKS)
    world.score(WEEKS)
    world.sql("delete from gold.ftr")
    found = watched(world, WEEKS)
    assert found.moved == []
    assert found.notes == [
        "gold.ftr has no rows: nothing was compared; look at its SQL, then: dbt build --select ftr"
    ]


def test_a_column_that_vanished_or_is_of_another_type_is_told_and_the_rest_goes_on(
    world: World,
) -> None:
    changes = {"monitor": {"segments": ["e"], "columns": ["a", "b", "c", "dd"]}}
    world.train(changes)
    world.score(changes)
    world.sql("create or replace table gold.ftr as select id, 'x' || a as a, c, d, day, "
              "null::integer as b from gold.ftr")  # fmt: skip
    world.sql("alter table gold.ftr drop column c")
    found = watched(world, changes)
    for told in (
        "monitor.columns names 'dd', which is no feature of model@1; it has: d,",
        "monitor.segments names 'e', which is not a column of gold.ftr",
        "feature 'c' of model@1 is not a column of gold.ftr any more",
    ):
        assert any(told in note for note in found.notes), told
    rows = {name: rest for name, *rest in drift(world, "baseline = 'training'")}
    assert rows["a"][2] == "it is a category now and was a number"
    # All null: it dried up.
    assert rows["b"][1]
    assert rows["score"][0] is not None


def test_a_version_from_before_it_was_watched_is_made_up_for_where_that_can_be(
    world: World,
) -> None:
    world.train(WEEKS)
    world.score(WEEKS)
    world.sql("delete from ml.profile_metrics")
    assert watched(world, WEEKS).notes == []
    assert drift(world, "baseline = 'training' and column_name = 'a'")[0][1] is not None
    world.sql("delete from ml.profile_metrics")
    world.sql("delete from gold.trn where id = 'K0001'")
    found = watched(world, WEEKS)
    assert "trained before its training set was kept" in found.notes[0]
    assert "goldloop train model" in found.notes[0]
    assert {each.reason for each in found.moved if each.baseline == "training"} == {
        "nothing was kept of it at training"
    }


def test_a_model_without_a_champion_and_tables_that_are_gone_are_told(world: World) -> None:
    found = watched(world, WEEKS)
    assert found.notes == ["model has no champion: goldloop train model"]
    world.train(WEEKS)
    world.score(WEEKS)
    world.sql("drop table gold.trn")
    found = watched(world, WEEKS)
    assert "dbt build --select +trn" in found.notes[0]
    assert found.moved
