"""What keys of a declaration demand of one another; each rule answers with what is broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ml.declaration.explainable import unexplained
from ml.declaration.feature_rules import as_feature_rules
from ml.declaration.images import DESCRIBING, wrongly_described
from ml.declaration.imported import imported_rules
from ml.declaration.learning_rules import learning_rules
from ml.declaration.measures import MEASURES, Task, measures_of
from ml.declaration.presets import PRESETS, Preset, reads_images
from ml.declaration.refusals import shown
from ml.declaration.tasks import presets_of, task_rules
from ml.declaration.watching import watching_rules
from ml.names import listed
from ml.tables import is_reason
from ml.task_columns import prediction_columns

if TYPE_CHECKING:
    from ml.spec import Criterion, Declaration

KINDS = ("preset", "class", "builder", "onnx")
BOUNDS = ("at_least", "at_most", "beats_baseline_by")


def broken_rules(declared: Declaration) -> list[str]:
    """Return one line for each rule that ``declared`` breaks."""
    metrics = list(_metrics(declared))
    rest = (
        ()
        if metrics
        else (
            *task_rules(declared),
            *_baseline(declared),
            *_estimator(declared),
            *learning_rules(declared),
        )
    )
    scored = (
        () if metrics else (*_scored(declared), *unexplained(declared), *as_feature_rules(declared))
    )
    watched = watching_rules(declared.monitor, declared.retrain)
    return [*metrics, *rest, *_columns(declared), *scored, *watched]


def _metrics(declared: Declaration) -> Iterator[str]:
    criteria = declared.problem.success
    for at, criterion in enumerate(criteria):
        yield from (f"problem.success[{at}]{text}" for text in _criterion(criterion))
    known = [MEASURES[each.metric] for each in criteria if each.metric in MEASURES]
    if known and not set.intersection(*(set(measure.tasks) for measure in known)):
        names = ", ".join(f"{each.name} ({' or '.join(each.tasks)})" for each in known)
        yield f"problem.success judges two kinds of task: {names}; allowed: metrics of one kind"
    elif known:
        yield from _champion(declared, declared.task)


def _champion(declared: Declaration, task: Task) -> Iterator[str]:
    metric, able = declared.problem.champion.metric, [each.name for each in measures_of(task)]
    if metric is not None and metric not in able:
        yield f"problem.champion.metric is '{metric}'; allowed: {listed(metric, able)}"


def _criterion(criterion: Criterion) -> Iterator[str]:
    if criterion.metric not in MEASURES:
        yield f".metric is '{criterion.metric}'; allowed: {listed(criterion.metric, MEASURES)}"
        return
    given = [bound for bound in BOUNDS if getattr(criterion, bound) is not None]
    if len(given) != 1:
        met = " and ".join(given) or "no bound"
        yield f" ({criterion.metric}) has {met}; allowed: exactly one of {', '.join(BOUNDS)}"
    elif given == ["at_least"] and not MEASURES[criterion.metric].higher_is_better:
        yield (
            f" asks for {criterion.metric} at_least {criterion.at_least}, but lower is better; "
            "allowed: at_most, beats_baseline_by"
        )


def _baseline(declared: Declaration) -> Iterator[str]:
    baseline = declared.problem.baseline
    if baseline == "prior" or declared.task == "regression":
        return
    if declared.task not in ("classification", "anomaly_detection"):
        yield f"problem.baseline is '{baseline}', but this is a {declared.task}; allowed: prior"
        return
    ranking = [measure.name for measure in measures_of(declared.task) if measure.ranks]
    for at, criterion in enumerate(declared.problem.success):
        if criterion.beats_baseline_by is not None and criterion.metric not in ranking:
            yield (
                f"problem.success[{at}] compares {criterion.metric} with the column '{baseline}', "
                f"which ranks rows but gives no probability; allowed: {', '.join(ranking)}, "
                "or baseline: prior"
            )


def _estimator(declared: Declaration) -> Iterator[str]:
    estimator = declared.estimator
    given = [key for key in KINDS if getattr(estimator, key.replace("class", "class_"))]
    if len(given) != 1:
        met = " and ".join(given) or "none of them"
        yield f"estimator has {met}; allowed: exactly one of {', '.join(KINDS)}"
    else:
        yield from imported_rules(declared)
        yield from _described(declared)
        yield from _weights(declared)
        yield from _monotonic(declared)
        if estimator.preset is not None:
            yield from _preset(declared, PRESETS[estimator.preset])


def _described(declared: Declaration) -> Iterator[str]:
    estimator = declared.estimator
    if not reads_images(estimator):
        return
    yield from wrongly_described(estimator.params, "estimator.params")
    for name in declared.tune.params if declared.tune else ():
        if name in DESCRIBING:
            yield (
                f"tune.params.{name} says how photos are described, which is done once before "
                "anything is learnt; allowed: in estimator.params"
            )


def _weights(declared: Declaration) -> Iterator[str]:
    if declared.estimator.class_weight is not None and declared.task == "regression":
        metric = declared.problem.success[0].metric
        yield (
            f"estimator.class_weight weighs classes, but {metric} judges a regression; "
            "leave it out, or judge a classification"
        )


def _monotonic(declared: Declaration) -> Iterator[str]:
    estimator, train = declared.estimator, declared.train
    able = [each.name for each in PRESETS.values() if each.monotonic]
    if estimator.monotonic and (
        estimator.builder or estimator.onnx or estimator.preset not in (None, *able)
    ):
        yield (
            f"estimator.monotonic stands beside {estimator.name}; allowed: beside "
            f"{', '.join(able)}, or a class that takes monotonic_cst"
        )
        return
    taken = {train.label, train.time, *train.key, *train.known, *train.features.exclude}
    for name in estimator.monotonic:
        if name in taken or name not in (train.features.include or (name,)):
            yield (
                f"estimator.monotonic names '{name}', which is no feature: it is the label, the "
                "key, the time, or left out by train.features"
            )


def _preset(declared: Declaration, preset: Preset) -> Iterator[str]:
    if declared.task not in preset.tasks:
        metric = declared.problem.success[0].metric
        able = presets_of(declared.task)
        yield (
            f"estimator.preset is '{preset.name}', but {metric} judges a {declared.task}; "
            f"allowed: {listed(preset.name, able)}"
        )
    if declared.estimator.reads is not None:
        yield (
            f"estimator.reads is '{declared.estimator.reads}', but {preset.name} says itself "
            "what it reads; allowed: beside class or builder"
        )
    for param, value in declared.estimator.params.items():
        if param not in preset.params:
            yield (
                f"unknown parameter estimator.params.{param} (value {shown(value)}); "
                f"{preset.name} takes: {listed(param, preset.params)}"
            )


def _columns(declared: Declaration) -> Iterator[str]:
    train = declared.train
    if train.split.by == "time" and train.time is None:
        yield "train.split.by is 'time', but train.time is missing; name it, or: random"
    for part, keyed in (("train", train), ("score", declared.score)):
        twice = {name for name in keyed.key if keyed.key.count(name) > 1}
        if twice:
            yield f"{part}.key names {', '.join(sorted(twice))} more than once"
        if keyed.time in keyed.key:
            yield f"{part}.time '{keyed.time}' is also in {part}.key; allowed: in one of them"
    if train.label and train.label in (*train.key, train.time):
        yield f"train.label '{train.label}' is also the key or the time; a label is neither"


def _scored(declared: Declaration) -> Iterator[str]:
    own = prediction_columns(declared.task)
    for name in declared.score.key:
        if name.lower() in own or is_reason(name.lower()):
            yield (
                f"score.key names '{name}', a column that every prediction has of its own; "
                f"allowed: any name but {', '.join(own)} and reason_1 …"
            )
