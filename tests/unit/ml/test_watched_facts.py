"""What the checks of a model's predictions say in Dagster, where all is well and where not."""

from typing import Any

import dagster as dg

from orchestration.assets.watching import _drift, _performance, check_specs
from tests.unit.ml.watching import WEEKS, late, score_later, watched
from tests.unit.ml.world import World

KEY = dg.AssetKey(["predictions", "model"])


def records(check: dg.AssetCheckResult, name: str) -> list[dict[str, Any]]:
    found = check.metadata[name]
    assert isinstance(found, dg.TableMetadataValue)
    return [dict(each.data) for each in found.records]


def test_a_check_that_passes_says_what_moved_most_and_one_that_fails_names_it_first(
    world: World,
) -> None:
    world.train(WEEKS)
    score_later(world, WEEKS, 0)
    quiet = _drift(watched(world, WEEKS), world.spec(WEEKS), KEY)
    assert quiet.passed
    assert "2025-04-02 against training, 600 rows: psi at most 0.0" in str(quiet.description)
    score_later(world, WEEKS, 1, a="a + 0.4")
    found = watched(world, WEEKS)
    moved = _drift(found, world.spec(WEEKS), KEY)
    assert not moved.passed
    assert "goldloop models health model" in str(moved.description)
    assert moved.metadata["last_window"].value == "2025-04-09"
    first, *_ = records(moved, "worst_columns")
    assert first["column"] == "feature a"
    assert first["alarm"].startswith("psi ")
    told = next(each for each in found.moved if each.alarms and each.baseline == "training")
    assert first["psi"] == f"{told.drift.psi:.4f}"


def test_a_window_without_a_baseline_says_why_nothing_was_compared(world: World) -> None:
    before = {"monitor": WEEKS["monitor"] | {"baseline": "before"}}
    world.train(before)
    score_later(world, before, 0)
    check = _drift(watched(world, before), world.spec(before), KEY)
    assert check.passed
    assert check.description == "nothing to compare with before: there is none yet"


def test_performance_is_told_with_its_interval_and_until_then_why_it_is_not(world: World) -> None:
    late(world)
    world.train(WEEKS)
    world.score(WEEKS)
    spec = world.spec(WEEKS)
    early = str(_performance(watched(world, WEEKS), spec, KEY).description)
    assert "realised: no label has come yet" in early
    assert "not calibrated" in early
    world.sql("insert into gold.trn from gold.labels where day = date '2025-02-26'")
    found = watched(world, WEEKS, "run-2")
    check = _performance(found, spec, KEY)
    told = next(each for each in found.performed if each.value.value is not None
                and each.metric == "roc_auc")  # fmt: skip
    assert f"realised roc_auc {told.value.value:.4f} (" in str(check.description)
    assert "2025-02-26" in str(check.description)
    rows = records(check, "metrics")
    assert {"window", "kind", "metric", "value", "95 %", "labels", "alarm"} == rows[0].keys()
    again = _performance(watched(world, WEEKS, "run-3"), spec, KEY)
    assert "nothing new to measure" in str(again.description)


def test_what_is_planned_says_what_an_alarm_does(world: World) -> None:
    drift, _ = check_specs(world.spec(WEEKS), KEY)
    assert "no column moves beyond psi 0.2, missing 0.1; if so it warns" in str(drift.description)
    severe = world.spec({"monitor": WEEKS["monitor"] | {"severity": "error"}})
    assert all("no release is published" in str(each.description)
               for each in check_specs(severe, KEY))  # fmt: skip
