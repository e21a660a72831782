"""What a recommendation and a forecast demand of the keys that are theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ml.declaration.refusals import shown

if TYPE_CHECKING:
    from ml.spec import Declaration

# Metrics of ratings told, which choices have none of.
_OF_RATINGS = ("rmse", "mae")
FEEDBACK = ("explicit", "implicit")


def feedback_of(declared: Declaration) -> object:
    """Return the kind of feedback learnt from: ratings where there are any, unless it is said."""
    given = declared.estimator.params.get("feedback")
    return given or ("explicit" if declared.train.rating else "implicit")


def of_kind(declared: Declaration) -> Iterator[str]:
    """Yield one line for each of these rules that ``declared`` breaks."""
    task, train = declared.task, declared.train
    theirs = {
        "recommendation": ("item", "rating"), "forecast": ("series",)
    }  # fmt: skip
    for owner, keys in theirs.items():
        for key in keys:
            if owner != task and getattr(train, key) is not None:
                yield f"train.{key} is declared, but the task is {task}; allowed: of a {owner}"
    if task in theirs and train.split.by != "time":
        yield f"train.split.by is '{train.split.by}', but a {task} is judged by time; allowed: time"
    if task == "recommendation":
        yield from _recommendation(declared)
    if task == "forecast":
        yield from _forecast(declared)


def _recommendation(declared: Declaration) -> Iterator[str]:
    train, feedback = declared.train, feedback_of(declared)
    if train.item is None:
        yield "train.item is missing; name the column of the items"
    elif len(train.key) != 2 or train.item not in train.key:
        yield (
            f"train.key names {', '.join(train.key)}; allowed: two columns, the user's and "
            f"train.item '{train.item}'"
        )
    if train.rating is not None and train.rating in (*train.key, train.time):
        yield f"train.rating '{train.rating}' is also the key or the time; a rating is neither"
    if len(declared.score.key) != 1:
        yield f"score.key names {', '.join(declared.score.key)}; allowed: the user's column alone"
    if feedback not in FEEDBACK:
        yield f"estimator.params.feedback is {shown(feedback)}; allowed: {', '.join(FEEDBACK)}"
    if feedback == "explicit" and train.rating is None:
        yield "estimator.params.feedback is 'explicit', but train.rating is missing; name it"
    if feedback == "implicit":
        for at, criterion in enumerate(declared.problem.success):
            if criterion.metric in _OF_RATINGS:
                yield (
                    f"problem.success[{at}] judges {criterion.metric}, but choices (feedback: "
                    "implicit) have no ratings; allowed: ndcg_at_10, precision_at_10, "
                    "recall_at_10, item_coverage"
                )


def _forecast(declared: Declaration) -> Iterator[str]:
    if declared.train.series is None:
        yield "train.series is missing; say at least every and horizon"
    season = declared.estimator.params.get("season_length", 1)
    many = isinstance(season, list | tuple)
    given = list(season) if isinstance(season, list | tuple) else [season]
    wrong = not given or any(type(each) is not int or each < 1 for each in given)
    if wrong or (many and declared.estimator.preset != "mstl"):
        yield (
            f"estimator.params.season_length is {shown(season)}; allowed: a whole number of steps, "
            "1 for no season; of mstl a list of them, too"
        )
