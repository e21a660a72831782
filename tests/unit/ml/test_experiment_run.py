"""What a change of the data is worth: the numbers of scikit-learn by hand, on the same rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from ml.evaluation.bootstrap import Interval
from ml.experiment.change import DECLARED, Change
from ml.experiment.result import Experiment, Rung
from ml.experiment.run import Settings
from tests.unit.ml.experimented import tried
from tests.unit.ml.world import World


def by_hand(world: World, columns: str = "abcd") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, labels and days in the order of key and time."""
    codes = "case c when 'blue' then 0 when 'green' then 1 when 'red' then 2 end"
    asked = [codes if name == "c" else name for name in columns]
    table = world.conn.execute(
        f"select {', '.join(f'cast({each} as double)' for each in asked)}, y::integer, "
        "epoch(day) from gold.trn order by id, day"
    ).fetchnumpy()
    *features, labels, days = (np.ma.filled(each.astype(float), np.nan) for each in table.values())
    return np.column_stack(features), labels.astype(int), days


def score(features: np.ndarray, labels: np.ndarray, learnt: Any, judged: Any, c: int | None) -> Any:
    model = HistGradientBoostingClassifier(
        max_iter=10, random_state=0, categorical_features=None if c is None else [c]
    )
    with threadpool_limits(1):
        return model.fit(features[learnt], labels[learnt]).predict_proba(features[judged])[:, 1]


def test_the_hold_out_tells_what_scikit_learn_by_hand_tells_of_it(world: World) -> None:
    found = tried(world, less=("a", "c"))
    for rung, columns, c in zip(
        (found.declared, *found.rungs), ("abcd", "bcd", "abd", "bd"), (2, 1, None, None),
        strict=True,
    ):  # fmt: skip
        features, labels, days = by_hand(world, columns)
        held = days >= np.unique(days)[-2]
        expected = roc_auc_score(labels[held], score(features, labels, ~held, held, c))
        assert rung.value.value == pytest.approx(expected, abs=1e-12)
        assert (rung.rows, rung.columns) == (480, len(columns))
    assert found.judged == 120
    trained = world.train()
    assert found.declared.value.value == trained.metrics["roc_auc"]


def test_folds_leave_the_hold_out_unseen_and_tell_what_is_worked_out_by_hand(world: World) -> None:
    found = tried(world, less=("a",), settings=Settings(folds=3))
    for rung, columns, c in zip(
        (found.declared, *found.rungs), ("abcd", "bcd"), (2, 1), strict=True
    ):
        features, labels, days = by_hand(world, columns)
        week = (days - days.min()) / 7 / 86_400
        told, truth = [], []
        for first in (2, 4, 6):
            judged = (week >= first) & (week < first + 2)
            told.append(score(features, labels, week < first, judged, c))
            truth.append(labels[judged])
        expected = roc_auc_score(np.concatenate(truth), np.concatenate(told))
        assert rung.value.value == pytest.approx(expected, abs=1e-12)
    assert (found.judged, found.folds) == (360, 3)
    world.sql("update gold.trn set y = not y where day >= date '2025-01-01' + 56")
    assert tried(world, less=("a",), settings=Settings(folds=3)) == found


def test_a_gain_is_the_difference_on_the_same_rows_with_a_paired_interval(world: World) -> None:
    found = tried(world, less=("a", "b"), settings=Settings(metric="log_loss", folds=3))
    for rung in found.rungs:
        assert rung.gain is not None
        assert found.declared.value.value is not None
        assert rung.value.value is not None
        difference = found.declared.value.value - rung.value.value
        assert rung.gain.value == pytest.approx(difference)
        assert rung.gain.low < rung.gain.value < rung.gain.high  # type: ignore[operator]
        alone = [(each.high or 0) - (each.low or 0) for each in (rung.value, found.declared.value)]
        assert rung.gain.high - rung.gain.low < sum(alone)  # type: ignore[operator]
    assert found.verdict(found.rungs[0]) == "worse"


def test_each_change_stands_alone_and_then_all_together(world: World) -> None:
    found = tried(world, more=("noise", "rows:0.5x"), less=("a",))
    assert [rung.change.said for rung in found.rungs] == [
        "--with noise", "--with rows:0.5x", "--without a", "all together",
    ]  # fmt: skip
    assert [(rung.rows, rung.columns) for rung in found.rungs] == [
        (480, 5), (241, 4), (480, 3), (241, 4),
    ]  # fmt: skip
    assert len(tried(world, less=("a",)).rungs) == 1


@pytest.mark.parametrize("words", [("rows:0.25x", "rows:0.5x"), ("synthetic:2x", "synthetic:3x")])
def test_a_curve_of_several_numbers_of_rows_has_no_all_together(
    world: World, words: tuple[str, str]
) -> None:
    found = tried(world, more=("noise", *words))
    assert [rung.change.said for rung in found.rungs] == [
        "--with noise", *(f"--with {word}" for word in words)
    ]  # fmt: skip


def test_a_feature_of_a_view_is_joined_and_found_to_be_worth_it(world: World) -> None:
    found = tried(world, more=("ftr_more",), settings=Settings(folds=3))
    (rung,) = found.rungs
    # A feature that no row has is none.
    assert rung.columns == 5
    assert found.verdict(rung) == "better"
    assert found.declared == tried(world, less=("a",), settings=Settings(folds=3)).declared


def test_a_column_that_is_no_feature_as_declared_can_become_one(world: World) -> None:
    excluded = {"train.features": {"exclude": ["a", "b"]}}
    found = tried(world, more=("a",), changes=excluded)
    assert [rung.columns for rung in (found.declared, *found.rungs)] == [2, 3]
    included = {"train.features": {"include": ["c", "d"]}}
    assert tried(world, more=("a",), changes=included).rungs == found.rungs


def test_what_is_said_of_a_feature_goes_with_it(world: World) -> None:
    said = {
        "estimator.monotonic": {"a": "increasing"},
        "train.transform": {"twice": "a * 2", "sum": "b + 1"},
    }
    found = tried(world, less=("a",), changes=said)
    assert found.rungs[0].change.dropped == ("a", "twice")
    assert found.rungs[0].columns == 4


def test_the_same_seed_gives_the_same_and_another_seed_other_noise(world: World) -> None:
    more = ("noise", "rows:0.7x", "synthetic:1.5x")
    found = tried(world, more=more)
    world.sql("create or replace table gold.trn as select * from gold.trn order by hash(id)")
    assert tried(world, more=more) == found
    other = tried(world, more=more, changes={"estimator.seed": 7})
    assert [rung.value for rung in other.rungs] != [rung.value for rung in found.rungs]


def test_seeds_are_averaged_over_on_the_same_rows(world: World) -> None:
    settings = Settings(folds=0, seeds=3)
    found = tried(world, more=("noise",), settings=settings)
    (rung,) = found.rungs
    assert len(set(rung.each_seed)) > 1
    assert rung.value.value == pytest.approx(np.mean(rung.each_seed))
    assert len(set(found.declared.each_seed)) == 1
    alone = tried(world, more=("noise",))
    assert alone.rungs[0].each_seed == rung.each_seed[:1]


def test_noise_buys_nothing(world: World) -> None:
    found = tried(world, more=("noise",), settings=Settings(folds=3, seeds=3))
    gain = found.rungs[0].gain
    assert gain is not None
    assert gain.low < 0 < gain.high  # type: ignore[operator]


def test_models_of_every_kind_can_be_tried(world: World) -> None:
    world.sql("alter table gold.trn add column kind varchar")
    world.sql(
        "update gold.trn set kind = case when y then 'yes' when a > 0.3 then 'no' else 'so' end"
    )
    three = {"train.label": "kind", "train.features": {"exclude": ["y"]}}
    found = tried(world, ("noise", "synthetic:2x"), ("label_noise", "a"), Settings(), three)
    assert len(found.rungs) == 5
    number = {
        "problem.success": [{"metric": "rmse", "at_most": 9}],
        "train.label": "b",
        "train.features": {"exclude": ["kind"]},
        "train.split": {"by": "random", "test": 0.2},
    }
    world.sql("delete from gold.trn where b is null")
    found = tried(world, ("noise", "synthetic:2x"), ("y",), Settings(), number)
    assert (found.metric, found.folds) == ("rmse", 5)


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [
        (Interval(0.02, 0.001, 0.03), "better"),
        (Interval(-0.02, -0.03, -0.001), "worse"),
        (Interval(0.001, -0.004, 0.005), "no difference"),
        (Interval(0.0, 0.0, 0.0), "no difference"),
        (Interval(0.001, -0.004, 0.011), "cannot tell"),
        (Interval(0.001, -0.011, 0.004), "cannot tell"),
        (Interval(None), "cannot tell"),
    ],
)
def test_the_interval_decides_the_verdict(gain: Interval, verdict: str) -> None:
    rung = Rung(DECLARED, Interval(0.7), None, 10, 2, 0, (0.7,))
    found = Experiment("m", "roc_auc", 9, 5, (0,), 0.01, rung, ())
    assert found.verdict(replace(rung, change=Change("x"), gain=gain)) == verdict
