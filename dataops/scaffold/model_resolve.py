"""From what a person types of a new ML model to what is to be written, kind by kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from dataops.scaffold.asked import Column
from dataops.scaffold.asked_model import AskedModel
from dataops.scaffold.checks import chosen, time_of
from dataops.scaffold.resolve import Resolver
from ml.declaration.measures import MEASURES, Task, measures_of
from ml.declaration.presets import PRESETS, Preset
from ml.declaration.training import Series
from ml.errors import UsageError
from ml.names import listed
from ml.task_columns import prediction_columns

EVERY: tuple[str, ...] = get_args(Series.model_fields["every"].annotation)
# What a kind needs besides key and time, and what it takes; all else says nothing of it.
_NEEDS: dict[Task, tuple[str, ...]] = {
    "classification": ("label",),
    "regression": ("label",),
    "recommendation": ("item",),
    "forecast": ("label", "every", "horizon"),
}
_TAKES: dict[Task, tuple[str, ...]] = {
    "anomaly_detection": ("label",),
    "recommendation": ("rating",),
}
_HOW = {"label": "--label COLUMN", "item": "--item COLUMN", "every": "--every day",
        "horizon": "--horizon 7", "rating": "--rating COLUMN"}  # fmt: skip
_JUDGED_BY: dict[Task, str] = {
    "classification": "roc_auc", "regression": "rmse", "clustering": "silhouette",
    "decomposition": "explained_variance", "anomaly_detection": "stability",
    "recommendation": "ndcg_at_10", "forecast": "mase",
}  # fmt: skip
_ASKS: dict[Task, str] = {
    "classification": "What will {label} be, as known at {time}?",
    "regression": "What will {label} be, as known at {time}?",
    "clustering": "Which kinds of rows has {on}, and which is this one of?",
    "decomposition": "By which few numbers can a row of {on} be told?",
    "anomaly_detection": "Is this row of {on} unlike the others?",
    "recommendation": "Which {item} will this {key} take next?",
    "forecast": "What will {label} be in the next {horizon} steps, one a {every}?",
}


@dataclass(frozen=True)
class TypedModel:
    """The options of the command as they were typed; None is what was left out."""

    name: str
    on: str
    key: Sequence[str]
    time: str
    score_on: str
    score_time: str | None = None
    preset: str | None = None
    metric: str | None = None
    label: str | None = None
    item: str | None = None
    rating: str | None = None
    every: str | None = None
    horizon: int | None = None
    question: str | None = None
    decision: str | None = None
    owner: str | None = None
    email: str | None = None


def asked_model(resolver: Resolver, typed: TypedModel, owner: str) -> AskedModel:
    """Return the ML model to write; raises UsageError naming what is unknown or not allowed."""
    preset = _preset(typed.preset)
    train = resolver.columns(typed.on, "--on")
    score = resolver.columns(typed.score_on, "--score-on")
    label = chosen(train, typed.label, "--label") if typed.label else None
    task = _task(preset, typed.metric, label)
    _check_options(preset, task, typed)
    time = time_of(train, typed.time, "--time")
    keys = tuple(_keys(typed, task, train, score))
    if task == "forecast":
        chosen(score, typed.label or "", "--score-on, which needs the history,")
    words = {"label": typed.label, "time": time.name, "on": typed.on, "item": typed.item,
             "key": keys[0].name, "horizon": typed.horizon, "every": typed.every}  # fmt: skip
    return AskedModel(
        name=typed.name,
        task=task,
        preset=preset.name,
        metric=_metric(typed, preset, task),
        train_on=typed.on,
        score_on=typed.score_on,
        key=keys,
        time=time,
        score_time=_score_time(typed, score),
        question=typed.question or _ASKS[task].format(**words),
        decision=typed.decision or "Not said yet: write here what is decided with the answer.",
        owner=owner,
        email=typed.email,
        label=label,
        item=chosen(train, typed.item, "--item") if typed.item else None,
        rating=chosen(train, typed.rating, "--rating") if typed.rating else None,
        every=typed.every,
        horizon=typed.horizon,
    )


def _preset(named: str | None) -> Preset:
    preset = named or "boosted_trees"
    if preset not in PRESETS:
        raise UsageError(
            f"--preset is '{preset}'; allowed: {listed(preset, PRESETS)}", fix="correct --preset"
        )
    return PRESETS[preset]


def _task(preset: Preset, metric: str | None, label: Column | None) -> Task:
    """Return the task: the one that the metric judges, else the one that the label is of."""
    able = [task for task in preset.tasks if metric is None or task in _judged(metric)]
    if not able:
        allowed = [each.name for task in preset.tasks for each in measures_of(task)]
        raise UsageError(
            f"--metric is '{metric}'; allowed for {preset.name}: {listed(metric or '', allowed)}",
            fix="correct --metric",
        )
    of_numbers = metric is None and label is not None and label.is_number
    return "regression" if of_numbers and "regression" in able else able[0]


def _judged(metric: str) -> tuple[Task, ...]:
    return MEASURES[metric].tasks if metric in MEASURES else ()


def _check_options(preset: Preset, task: Task, typed: TypedModel) -> None:
    """Refuse what the kind has no use for, and what it needs and was not given."""
    needs = _NEEDS.get(task, ())
    takes = (*needs, *_TAKES.get(task, ()))
    for name in _HOW:
        given = getattr(typed, name)
        if given is not None and name not in takes:
            allowed = " and ".join(f"--{each}" for each in takes) or "nothing but --key and --time"
            raise UsageError(
                f"--{name} is '{given}', of which {preset.name} ({task}) has no use; it takes "
                f"{allowed}",
                fix=f"leave --{name} out, or choose another --preset",
            )
    lacking = [name for name in needs if getattr(typed, name) is None]
    if lacking:
        raise UsageError(
            f"{preset.name} ({task}) needs {' and '.join(f'--{name}' for name in lacking)}",
            fix=f"add: {' '.join(_HOW[name] for name in lacking)}",
        )
    _check_series(typed)


def _check_series(typed: TypedModel) -> None:
    if typed.every is not None and typed.every not in EVERY:
        raise UsageError(
            f"--every is '{typed.every}'; allowed: {', '.join(EVERY)}", fix="correct --every"
        )
    if typed.horizon is not None and typed.horizon < 1:
        raise UsageError(
            f"--horizon is {typed.horizon}; allowed: a whole number of steps, 1 or more",
            fix="correct --horizon",
        )


def _keys(
    typed: TypedModel, task: Task, train: Mapping[str, Column], score: Mapping[str, Column]
) -> Iterator[Column]:
    """Yield the columns that name what is told of, as the scored table has them."""
    names = [name for name in typed.key if name != typed.item]
    if task == "recommendation" and len(names) != 1:
        raise UsageError(
            f"--key names {', '.join(names) or 'the item alone'}; allowed for a recommendation: "
            "the user's column alone, beside --item",
            fix="give one --key",
        )
    for name in names:
        if name in prediction_columns(task):
            raise UsageError(
                f"--key names '{name}', which scoring writes beside the key",
                fix="leave it out of --key; --time names the column of the moment",
            )
        chosen(train, name, "--key")
        yield chosen(score, name, "--score-on, which needs the key and the time,")


def _score_time(typed: TypedModel, score: Mapping[str, Column]) -> Column:
    if typed.score_time:
        return time_of(score, typed.score_time, "--score-time")
    if typed.time not in score:
        raise UsageError(
            f"{typed.score_on} has no column '{typed.time}' (--time); it has: "
            f"{listed(typed.time, score)}",
            fix="add: --score-time COLUMN",
        )
    return time_of(score, typed.time, "--score-on, which needs the key and the time,")


def _metric(typed: TypedModel, preset: Preset, task: Task) -> str:
    """Return the metric; refuse one of what is not there to be compared with."""
    truth = typed.label if task == "anomaly_detection" else typed.rating
    of_truth = {"anomaly_detection": ("roc_auc", "average_precision"),
                "recommendation": ("rmse", "mae")}.get(task, ())  # fmt: skip
    if typed.metric in of_truth and truth is None:
        lacking = "label" if task == "anomaly_detection" else "rating"
        raise UsageError(
            f"--metric is '{typed.metric}', which {preset.name} is judged by with --{lacking} only",
            fix=f"add: {_HOW[lacking]}, or leave --metric out",
        )
    return typed.metric or (of_truth[0] if of_truth and truth else _JUDGED_BY[task])
