"""What --with and --without may name; what they may not is refused with the nearest names."""

from typing import Any

import pytest

from ml.data.dataset import find_training_set
from ml.errors import UsageError
from ml.experiment.asking import Asked, read_changes
from ml.experiment.change import Change, features_joined, together
from tests.unit.ml.world import NOW, World

VIEWS = {"ftr_visits": ("b", "visits_7d", "visits_30d"), "ftr_there": ("a", "c")}
TEXT = {"estimator": {"preset": "text_classifier"}, "train.features": {"include": ["c"]}}
NUMBER = {"problem.success": [{"metric": "rmse", "at_most": 9}], "train.label": "a"}


def read(
    world: World,
    more: tuple[str, ...] = (),
    less: tuple[str, ...] = (),
    changes: dict[str, Any] | None = None,
) -> list[Change]:
    spec = world.spec(changes)
    found = find_training_set(world.conn, spec, world.relations, NOW)
    return read_changes(Asked(more, less), spec, found, VIEWS)


def test_words_are_read(world: World) -> None:
    assert read(world, ("noise", "rows:.25x", "synthetic:2x", "noise")) == [
        Change("--with noise", noise=True),
        Change("--with rows:.25x", share=0.25),
        Change("--with synthetic:2x", times=2.0),
    ]
    assert read(world, (), ("label_noise",)) == [Change("--without label_noise", clean=True)]


def test_a_view_brings_the_features_that_are_not_there_and_takes_those_that_are(
    world: World,
) -> None:
    (change,) = read(world, ("ftr_visits",))
    assert change.joined == (("ftr_visits", "visits_7d"), ("ftr_visits", "visits_30d"))
    assert change.there == (("ftr_visits", "b"),)
    assert change.columns == {"ftr_visits__visits_7d", "ftr_visits__visits_30d"}
    assert read(world, ("ftr_visits.visits_7d",))[0].joined == change.joined[:1]
    assert read(world, ("ftr_visits.*_30d",))[0].joined == change.joined[1:]
    assert read(world, (), ("ftr_there",))[0].dropped == ("a", "c")
    assert read(world, (), ("ftr_there.a",))[0].dropped == ("a",)


def test_stars_name_columns(world: World) -> None:
    assert read(world, (), ("[ab]",))[0].dropped == ("a", "b")
    excluded = {"train.features": {"exclude": ["a", "c"]}}
    assert read(world, ("*",), (), excluded)[0].added == ("a", "c")


def test_changes_are_joined_into_one() -> None:
    one = Change("1", joined=(("v", "x"),), dropped=("a",), noise=True, share=0.5)
    two = Change("2", joined=(("v", "x"), ("w", "y")), dropped=("b", "a"), clean=True)
    both = together([one, two])
    assert both
    assert both.said == "all together"
    assert (both.joined, both.dropped) == ((("v", "x"), ("w", "y")), ("a", "b"))
    assert (both.noise, both.clean, both.share, both.times) == (True, True, 0.5, None)
    assert together([one]) is None
    assert features_joined([one, two]) == {"v": ["x"], "w": ["y"]}


@pytest.mark.parametrize(
    ("more", "less", "changes", "told"),
    [
        ("nois", None, {}, "'nois' names nothing that can be added; allowed: noise, "),
        ("rows:2x", None, {}, "'rows:2x' names nothing .* allowed: rows:0.5x"),
        ("synthetic:0.5x", None, {}, "allowed: synthetic:2x"),
        ("synthetic:1e9x", None, {}, "allowed: synthetic:2x"),
        ("label_noise", None, {}, "--with label_noise: 'label_noise' names nothing"),
        (None, "noise", {}, "--without noise: .* left out; allowed: label_noise"),
        ("ftr_visit", None, {}, "allowed: ftr_visits"),
        ("ftr_visits.visits_8d", None, {}, "is no feature of ftr_visits; it has: visits_7d"),
        (None, "ftr_visits.visits_7d", {}, "names nothing that can be left out"),
        ("ftr_there", None, {}, "adds nothing, gold.trn has a, c already"),
        ("y", None, {}, "'y' names nothing"),
        (None, "y", {}, "'y' names nothing"),
        (None, "tone_*", {}, "'tone_\\*' names nothing that can be left out"),
        (None, "*", {}, "leaves no feature to learn from"),
        ("noise", None, TEXT, "makes numbers, and text_classifier reads text"),
        ("synthetic:2x", None, TEXT, "makes numbers, and text_classifier reads text"),
        (None, "label_noise", NUMBER, "needs classes, and the label is a number"),
        (
            "synthetic:2x",
            None,
            {"estimator.calibrate": {}},
            "made-up rows judged in the folds of estimator.calibrate",
        ),
        (
            "ftr_visits",
            None,
            {
                "train.time": None,
                "train.split": {"by": "random"},
                "train.features": {"exclude": ["day"]},
            },
            "needs train.time",
        ),
    ],
)
def test_what_cannot_be_tried_is_refused_with_what_can(
    world: World, more: str | None, less: str | None, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        read(world, (more,) if more else (), (less,) if less else (), changes)


def test_an_experiment_without_a_change_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="an experiment needs a change"):
        read(world)


def test_rows_are_not_made_up_from_rows_that_are_made_up(world: World) -> None:
    world.sql("alter table gold.trn add column made boolean default false")
    with pytest.raises(UsageError, match="learns from made-up rows already"):
        read(world, ("synthetic:2x",), (), {"train.synthetic": "made"})
