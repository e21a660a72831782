"""The columns of what a model without a label tells, by its task, each with what it says."""

from collections.abc import Mapping

from ml.declaration.measures import Task
from ml.tables import PREDICTION_COLUMNS

# column: (type, what it says); they stand in the place of a label's prediction and score.
TASK_COLUMNS: Mapping[Task, Mapping[str, tuple[str, str]]] = {
    "recommendation": {
        "rank": ("integer", "1, 2, 3 …: the best item first."),
        "item": ("varchar", "The item, as text; one the user does not have yet."),
        "score": (
            "double",
            "The rating told, or the strength of the choice; of a fallback the share of users who "
            "have the item.",
        ),
        "is_fallback": (
            "boolean",
            "Whether the user was not known to the version, and is shown what most users have.",
        ),
    },
    "forecast": {
        "step": ("integer", "1, 2, 3 …: so many steps after the last value."),
        "forecast_at": ("timestamp", "The moment that is forecast (UTC)."),
        "prediction": ("double", "The value told; null where the series cannot be forecast."),
        "low": ("double", "The lower bound of its interval, null where none is known."),
        "high": ("double", "The upper bound of its interval."),
        "level": ("double", "The probability with which the truth lies between them."),
        "method": (
            "varchar",
            "What told: the preset, or `seasonal_naive` or `naive` in its place; null for nothing.",
        ),
        "reason": ("varchar", "Why it was another method or nothing, null where it was not."),
    },
    "clustering": {
        "prediction": ("integer", "The cluster: 1 is the one with most of the rows learnt from."),
        "score": ("double", "The distance to its centre, in columns scaled as in training."),
        "distances": ("double[]", "The distance to each centre, that of cluster 1 first."),
    },
    "decomposition": {
        "prediction": ("double[]", "The row by its components, the one of most variance first."),
        "score": ("double", "How far the row lies from what its components say, columns scaled."),
    },
    "anomaly_detection": {
        "prediction": ("boolean", "Whether it is an anomaly: its score is the threshold or more."),
        "score": (
            "double",
            "How anomalous, 0 to 1 (Liu and others 2008): scikit-learn's score_samples with the "
            "other sign.",
        ),
    },
}


def prediction_columns(task: Task) -> Mapping[str, tuple[str, str]]:
    """Return the columns that a prediction of ``task`` has besides its key, in their order."""
    if task not in TASK_COLUMNS:
        return PREDICTION_COLUMNS
    (first, day), *rest = PREDICTION_COLUMNS.items()
    made_by = {name: said for name, said in rest if name not in ("prediction", "score")}
    return {first: day, **TASK_COLUMNS[task], **made_by}


def written(task: Task) -> dict[str, str]:
    """Return the columns of what a model of ``task`` tells, with their types."""
    return {name: type_ for name, (type_, _) in TASK_COLUMNS[task].items()}
