"""What the keys of splitting, transforming, searching and deciding demand of one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ml.declaration.measures import MEASURES, measures_of
from ml.declaration.presets import PRESETS
from ml.declaration.refusals import shown
from ml.names import listed

if TYPE_CHECKING:
    from ml.declaration.estimator import Range, Tune
    from ml.spec import Declaration

DECISIONS = ("threshold", "cost")


def learning_rules(declared: Declaration) -> Iterator[str]:
    """Yield one line for each of these rules that ``declared`` breaks."""
    yield from _split(declared)
    yield from _features(declared)
    yield from _known(declared)
    yield from _decision(declared)
    yield from _made_up(declared)
    if declared.tune is not None:
        yield from _tune(declared, declared.tune)


def _split(declared: Declaration) -> Iterator[str]:
    train, split = declared.train, declared.train.split
    by = f"train.split.by is '{split.by}'"
    if split.by == "column" and split.column is None:
        yield f"{by}, but train.split.column is missing; name it, or: random"
    if split.by != "column" and split.column is not None:
        yield f"train.split.column is '{split.column}', but {by}; allowed: with by: column"
    if split.by not in ("random", "none") and split.group:
        yield (
            f"train.split.group names {', '.join(split.group)}, but {by}; allowed: by: random, none"
        )
    if split.by != "time" and split.embargo_days:
        yield f"train.split.embargo_days is {split.embargo_days}, but {by}; allowed: by: time"
    if split.column is not None and split.column in (train.label, train.time, *train.key):
        yield f"train.split.column '{split.column}' is also the label, the key or the time"
    if train.label and train.label in split.group:
        yield f"train.split.group names the label '{train.label}'; allowed: any other column"


def _features(declared: Declaration) -> Iterator[str]:
    train = declared.train
    both = set(train.features.include) & set(train.features.exclude)
    if both:
        yield (
            f"train.features names {', '.join(sorted(both))} in include and exclude; "
            "allowed: in one of them"
        )
    taken = {train.label, train.time, train.split.column, *train.key, *train.known}
    for name in train.transform:
        if name in taken:
            yield (
                f"train.transform makes '{name}', which is the label, the key, the time or says "
                "what is held out; allowed: another name"
            )


def _known(declared: Declaration) -> Iterator[str]:
    train = declared.train
    for key, names in (("known", train.known), ("leak_guard.future", train.leak_guard.future)):
        if names and train.time is None:
            yield (
                f"train.{key} names {', '.join(names)}, but train.time is missing; name the time "
                "that they are held against"
            )
    both = set(train.known) & {train.label, train.time, *train.key, *train.leak_guard.future}
    if both:
        yield (
            f"train.known names {', '.join(sorted(both))}, which is also the label, the key, the "
            "time or in train.leak_guard.future; allowed: another column"
        )


def _decision(declared: Declaration) -> Iterator[str]:
    estimator = declared.estimator
    is_regression = declared.task == "regression"
    metric = declared.problem.success[0].metric
    for key in ("calibrate", "decide"):
        if is_regression and getattr(estimator, key) is not None:
            yield (
                f"estimator.{key} is of classes, but {metric} judges a regression; "
                "allowed: for a classification"
            )
    if estimator.decide is not None:
        given = [key for key in DECISIONS if getattr(estimator.decide, key) is not None]
        if len(given) != 1:
            met = " and ".join(given) or "none of them"
            yield f"estimator.decide has {met}; allowed: exactly one of {', '.join(DECISIONS)}"


def _made_up(declared: Declaration) -> Iterator[str]:
    """Refuse what folds judge beside made-up rows, which know the rows that a fold judges."""
    train, estimator = declared.train, declared.estimator
    if train.synthetic is None:
        return
    if declared.task not in ("classification", "regression"):
        yield "train.synthetic is declared; allowed: where a class or a number is learnt"
    if train.synthetic in (train.label, train.time, train.split.column, *train.key):
        yield f"train.synthetic '{train.synthetic}' is also the label, the key, the time or a split"
    given = {
        "train.split.by: none": train.split.by == "none",
        "train.validate": train.validate_ is not None,
        "estimator.calibrate": estimator.calibrate is not None,
        "estimator.decide.cost": estimator.decide is not None and estimator.decide.cost is not None,
        "tune": declared.tune is not None,
        "score.as_feature": declared.score.as_feature is not None,
        "early_stopping": estimator.preset == "mlp"
        and bool(estimator.params.get("early_stopping")),
    }
    for key in (key for key, met in given.items() if met):
        yield (
            f"{key} stands beside train.synthetic; made-up rows know the rows that folds within "
            "the training judge; allowed: one of them"
        )


def _tune(declared: Declaration, tune: Tune) -> Iterator[str]:
    task = declared.task
    if tune.metric is not None and (
        tune.metric not in MEASURES or task not in MEASURES[tune.metric].tasks
    ):
        able = [each.name for each in measures_of(task)]
        yield f"tune.metric is '{tune.metric}'; allowed: {listed(tune.metric, able)}"
    if not tune.params:
        yield "tune.params is empty; allowed: one parameter or more"
    takes = PRESETS[declared.estimator.preset].params if declared.estimator.preset else None
    for name, each in tune.params.items():
        if takes is not None and name not in takes:
            yield (
                f"unknown parameter tune.params.{name}; {declared.estimator.preset} takes: "
                f"{listed(name, takes)}"
            )
        if name in declared.estimator.params:
            yield f"{name} is in estimator.params and in tune.params; allowed: in one of them"
        yield from (f"tune.params.{name} {told}" for told in _range(each))


def _range(each: Range) -> Iterator[str]:
    ends = [each.low, each.high]
    if (each.values is None) == (ends == [None, None]):
        both = "values and ends" if each.values is not None else "nothing"
        yield f"has {both}; allowed: a list of values, or low and high"
    elif each.values is not None:
        if each.log:
            yield "has log, but lists its values; allowed: with low and high"
    elif each.low is None or each.high is None:
        yield f"has only {'low' if each.high is None else 'high'}; allowed: low and high"
    elif each.low >= each.high:
        yield f"goes from {shown(each.low)} to {shown(each.high)}; allowed: low below high"
    elif each.log and each.low <= 0:
        yield f"is drawn by log from {shown(each.low)}; allowed: from above 0"
