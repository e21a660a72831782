"""The tasks a model can have: which one a declaration says, and what it may hold for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ml.declaration.kind_rules import of_kind
from ml.declaration.measures import MEASURES, Task
from ml.declaration.presets import PRESETS
from ml.declaration.refusals import shown
from ml.errors import UsageError

if TYPE_CHECKING:
    from ml.spec import Declaration, ModelSpec

# The tasks that learn a label: a model of no preset has one of them.
LABELLED: tuple[Task, ...] = ("classification", "regression")


@dataclass(frozen=True)
class TaskRule:
    """What a declaration of ``task`` may hold.

    ``label`` is `required`, `judging` (it may be there, is judged by and never learnt from) or
    `none`. ``refused`` are the keys, dotted, that say nothing for the task. Without ``features``
    nothing is learnt from columns, so that their lineage and their moments are nobody's leak.
    """

    task: Task
    label: Literal["required", "judging", "none"]
    refused: tuple[str, ...] = ()
    features: bool = True


_OF_LABELS = (
    ("train.validate", "train.leak_guard.allow", "evaluate.segments", "evaluate.dependence")
    + ("score.explain", "score.as_feature")
    + ("estimator.class_weight", "estimator.monotonic", "estimator.calibrate")
)
_NO_DECISION = ("tune", "estimator.decide", *_OF_LABELS)
# What is of rows told one by one, by their own columns.
_OF_ROWS = (
    *_NO_DECISION,
    *("train.known", "train.transform", "train.features.include", "train.features.exclude"),
    "score.incremental",
)
RULES = {
    rule.task: rule
    for rule in (
        TaskRule("classification", "required"),
        TaskRule("regression", "required"),
        TaskRule("clustering", "none", ("estimator.decide", *_OF_LABELS)),
        TaskRule("decomposition", "none", _NO_DECISION),
        TaskRule("anomaly_detection", "judging", ("tune", "estimator.decide.cost", *_OF_LABELS)),
        TaskRule("recommendation", "none", _OF_ROWS, features=False),
        TaskRule("forecast", "required", _OF_ROWS, features=False),
    )
}


def task_of(preset: str | None, metrics: Sequence[str]) -> Task:
    """Return the task of a model of ``preset`` (None for a class or a builder).

    The first of those the preset can do, or that learn a label, which all ``metrics`` judge;
    without one what the first metric judges.
    """
    able = PRESETS[preset].tasks if preset in PRESETS else LABELLED
    judged = [MEASURES[name].tasks for name in metrics if name in MEASURES]
    fitting = [task for task in able if all(task in tasks for tasks in judged)]
    return fitting[0] if fitting else judged[0][0]


def task_rules(declared: Declaration) -> Iterator[str]:
    """Yield one line for each key of ``declared`` that its task needs, or has no use for."""
    rule, label = RULES[declared.task], declared.train.label
    if rule.label == "required" and label is None:
        yield f"train.label is missing; a {rule.task} learns a label: name its column"
    if rule.label == "none" and label is not None:
        yield f"train.label is '{label}', but a {rule.task} has no label; leave it out"
    if rule.task not in LABELLED and declared.estimator.preset is None:
        yield (
            f"estimator is {declared.estimator.name!r}, but {declared.problem.success[0].metric} "
            f"judges a {rule.task}; allowed: a preset: {', '.join(presets_of(rule.task))}"
        )
    if rule.task not in LABELLED and declared.train.split.by == "none":
        yield (
            f"train.split.by is 'none', but a {rule.task} is judged on rows held out; "
            "allowed: time, random, column"
        )
    yield from of_kind(declared)
    for key in rule.refused:
        met = _at(declared, key)
        if met:
            yield f"{key} is {shown(met)}, which says nothing of a {rule.task}; leave it out"


def presets_of(task: Task) -> list[str]:
    """Return the names of the presets that can do ``task``."""
    return [each.name for each in PRESETS.values() if task in each.tasks]


def require_label(spec: ModelSpec, what: str) -> None:
    """Raise UsageError where ``what``, a command as it is typed, is asked of a model without label.

    What tells of features by what a label loses or gains has nothing to tell there.
    """
    if spec.task not in LABELLED:
        raise UsageError(
            f"{what} is for models that learn a label; ML model '{spec.name}' is a {spec.task}",
            fix=f"type: goldloop models show {spec.name}",
        )


def _at(declared: Any, key: str) -> Any:
    """Return what ``declared`` has at the dotted ``key``, as it would be written."""
    here = declared
    for name in key.split("."):
        here = getattr(here, f"{name}_" if name == "validate" else name, None)
    return here.model_dump(exclude_none=True) if hasattr(here, "model_dump") else here
