"""Whether a run trains: what is declared decides, within a cool-down; a person overrides it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ml.errors import UsageError
from ml.monitoring.retraining import Retraining, decide, record
from ml.monitoring.watch import watch
from tests.unit.ml.watching import WEEKS, late, score_later
from tests.unit.ml.world import NOW, World


def due(
    world: World,
    when: list[Any],
    cooldown: str = "0 days",
    *,
    by_hand: bool = False,
    now: datetime = NOW,
    **changes: Any,
) -> Retraining:
    spec = world.spec({**WEEKS, **changes, "retrain": {"when": when, "cooldown": cooldown}})
    found = decide(world.conn, spec, world.relations, by_hand=by_hand, now=now)
    assert found
    return found


def test_without_a_declaration_nothing_is_decided(world: World) -> None:
    assert decide(world.conn, world.spec(), world.relations, by_hand=False, now=NOW) is None


def test_a_model_without_a_champion_is_trained(world: World) -> None:
    assert due(world, ["drift"]) == Retraining(True, "there is no champion")


def test_a_changed_declaration_is_trained_whatever_the_policy(world: World) -> None:
    world.train()
    assert not due(world, ["drift"], "9 weeks").is_trained
    # What says nothing of a training changes nothing.
    assert not due(world, ["drift"], "9 weeks", **{"problem.question": "another"}).is_trained
    found = due(world, ["drift"], "9 weeks", **{"estimator.seed": 5})
    assert found == Retraining(True, "the declaration is not that of model@1")


def test_a_feature_that_is_new_or_of_another_type_is_trained_whatever_the_policy(
    world: World,
) -> None:
    world.train()
    world.sql("alter table gold.trn add column z double default 1")
    found = due(world, ["drift"], "9 weeks")
    assert found == Retraining(True, "features are not those of model@1: z")
    world.sql("alter table gold.trn drop column z")
    assert not due(world, ["drift"], "9 weeks").is_trained
    world.sql("alter table gold.trn alter column a type float")
    assert due(world, ["drift"], "9 weeks").reason == "features are not those of model@1: a"


def test_changed_data_call_for_a_training_where_it_is_declared(world: World) -> None:
    world.train()
    quiet = due(world, ["data_changed"])
    assert quiet.reason == "none of retrain.when is met since model@1: data_changed"
    world.sql("delete from gold.trn where id = 'K0001'")
    assert due(world, ["data_changed"]).reason.startswith("data_changed: gold.trn is not what")
    assert not due(world, ["drift"]).is_trained


def test_new_labels_call_for_a_training_once_there_are_enough(world: World) -> None:
    world.train()
    world.sql("insert into gold.trn select * replace ('N' || id as id) from gold.trn limit 40")
    assert not due(world, [{"new_labels": 41}]).is_trained
    found = due(world, [{"new_labels": 40}])
    assert found == Retraining(True, "new_labels: 40 rows more than model@1 learnt from")


def test_drift_calls_for_a_training_until_there_was_one(world: World) -> None:
    world.train(WEEKS)
    score_later(world, WEEKS, 0)
    watch(world.conn, world.spec(WEEKS), world.relations, "run-1", now=NOW)
    assert not due(world, ["drift"]).is_trained
    score_later(world, WEEKS, 1, a="a + 0.4")
    watch(world.conn, world.spec(WEEKS), world.relations, "run-2", now=NOW)
    assert due(world, ["drift"]).reason.startswith("drift: feature a: psi ")
    world.sql("update ml.model_versions set created_at = created_at + interval 1 hour")
    assert not due(world, ["drift"]).is_trained


def test_a_worse_performance_calls_for_a_training(world: World) -> None:
    late(world)
    world.train()
    world.score()
    world.sql("insert into gold.trn select * replace (not y as y) from gold.labels "
              "where day >= date '2025-02-26'")  # fmt: skip
    spec = world.spec({"monitor": {"psi": 0.2}})
    watch(world.conn, spec, world.relations, "run-1", now=NOW)
    assert due(world, ["performance"]).reason.startswith("performance: roc_auc 0.")


def test_within_the_cool_down_nothing_is_trained_but_by_hand(world: World) -> None:
    world.train()
    world.sql("delete from gold.trn where id = 'K0001'")
    cool = due(world, ["data_changed"], "1 day", now=NOW + timedelta(hours=23))
    assert not cool.is_trained
    assert "but model@1 was trained less than 1 day ago, not before 2026-01-02" in cool.reason
    assert due(world, ["data_changed"], "1 day", now=NOW + timedelta(hours=24)).is_trained
    forced = due(world, ["data_changed"], "1 day", by_hand=True)
    assert forced.is_trained
    assert forced.by == "hand"
    assert forced.reason.startswith("asked for by hand; by itself: data_changed")


def test_what_was_decided_is_recorded_once_a_run(world: World) -> None:
    version = world.train()
    spec = world.spec({"retrain": {"when": ["drift"]}})
    record(world.conn, spec, Retraining(False, "no"), version, "run-1", NOW)
    record(world.conn, spec, Retraining(True, "yes"), version, "run-1", NOW)
    rows = world.sql('select model, is_trained, reason, "by", version from ml.retrainings')
    assert rows == [("model", True, "yes", "policy", 1)]


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"monitor": {"pis": 0.2}}, "unknown key monitor.pis (value 0.2); monitor may have: psi"),
        ({"monitor": {"psi": -1}}, "monitor.psi is -1"),
        ({"monitor": {"window": "year"}}, "monitor.window is 'year'; allowed: day"),
        ({"monitor": {"severity": "block"}}, "allowed: error, warn"),
        ({"retrain": {"when": []}}, "allowed: a list of one or more"),
        ({"retrain": {"when": ["drfit"]}}, "retrain.when[0].name is 'drfit'; allowed: drift"),
        ({"retrain": {"when": ["new_labels"]}}, "new_labels and has no number of rows"),
        ({"retrain": {"when": ["drift"], "cooldown": "1 dy"}}, "retrain.cooldown is '1 dy'"),
        (
            {"monitor": {"psi": None}, "retrain": {"when": ["drift"]}},
            "retrain.when[0] is drift, but monitor has no threshold",
        ),
    ],
)
def test_what_is_declared_wrongly_is_refused_by_name(
    world: World, part: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError) as refused:
        world.spec(part)
    assert told in str(refused.value)
