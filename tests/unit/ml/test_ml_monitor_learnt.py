"""A model knows the rows it learnt from better than those that come: they raise no alarm."""

from typing import Any

import pytest

from tests.unit.ml.watching import watched
from tests.unit.ml.world import World

NOTHING_LEFT = "every row told was learnt from"


def told(world: World, changes: dict[str, Any]) -> dict[str, tuple[int, str | None]]:
    """The rows of what was told, and why nothing was compared with the training set."""
    found = watched(world, changes)
    assert [each for each in found.drift_alarms if each.place.role != "feature"] == []
    return {
        each.place.column: (each.rows, each.reason)
        for each in found.moved
        if each.baseline == "training" and each.place.role in ("prediction", "score")
    }


def forest(split: dict[str, Any]) -> dict[str, Any]:
    estimator = {"preset": "random_forest", "params": {"n_estimators": 50}}
    return {"train.split": split, "estimator": estimator, "monitor": {"psi": 0.2}}


@pytest.mark.parametrize("split", [{"by": "none"}, {"by": "random", "test": 0.2}])
def test_rows_learnt_from_are_left_out_of_what_was_told(
    world: World, split: dict[str, Any]
) -> None:
    world.train(forest(split))
    world.score(forest(split))
    assert told(world, forest(split)) == {
        "prediction": (0, NOTHING_LEFT),
        "score": (0, NOTHING_LEFT),
    }
    # Of the rows that come some have labels by now: they stand in the training set, too.
    for table in ("ftr", "trn"):
        world.sql(
            f"insert into gold.{table} select * replace ('N' || id as id, day + 70 as day, "
            f"(hash(id, 'z') % 1000) / 1000 as a) from gold.{table}"
        )
    world.score(forest(split))
    assert told(world, forest(split)) == {"prediction": (600, None), "score": (600, None)}


def test_split_by_time_all_before_the_first_time_held_out_is_left_out(world: World) -> None:
    changes = forest({"by": "time", "test": 0.2})
    version = world.train(changes)
    world.score(changes)
    rows = version.test_rows
    assert told(world, changes) == {"prediction": (rows, None), "score": (rows, None)}


def test_made_up_rows_are_no_baseline(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # That they are of a synthetic set is held by other tests.
    monkeypatch.setattr("ml.kinds.labelled.check_made_up", lambda *_: None)
    world.sql("alter table gold.trn add column is_synthetic boolean default false")
    real = world.sql("select count(*), avg(a), avg(y::int), max(day) from gold.trn")[0]
    world.sql("insert into gold.trn select * replace ('S' || id as id, true as y, a + 3 as a, "
              "day - 7 as day, true as is_synthetic) from gold.trn")  # fmt: skip
    changes = {"train.synthetic": "is_synthetic", "monitor": {"psi": 0.2}}
    world.train(changes)
    kept = dict(world.sql("select column_name, (rows, mean, window_to) from ml.profile_metrics "
                          "where column_name in ('a', 'y')"))  # fmt: skip
    for name, mean in (("a", real[1]), ("y", real[2])):
        rows, average, until = kept[name].values() if isinstance(kept[name], dict) else kept[name]
        assert (rows, until) == (real[0], real[3])
        assert average == pytest.approx(float(mean))
    world.score(changes)
    assert watched(world, changes).drift_alarms == []
