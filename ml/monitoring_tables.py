"""The tables of what is watched of each version: profiles, drift, performance, retrainings."""

from collections.abc import Mapping

from ml.judgement_tables import OF_VERSION
from ml.relation import Relation

PROFILES = Relation("ml", "profile_metrics")
DRIFT = Relation("ml", "drift_metrics")
PERFORMANCE = Relation("ml", "performance")
RETRAININGS = Relation("ml", "retrainings")

_WINDOW: Mapping[str, tuple[str, str]] = {
    **OF_VERSION,
    "window_from": ("date", "The first `as_of_date` of the rows; null without a time."),
    "window_to": ("date", "The last one."),
}
_COLUMN: Mapping[str, tuple[str, str]] = {
    "role": ("varchar", "feature, prediction, score or label."),
    "column_name": ("varchar", "The column."),
    "segment": ("varchar", "The part of the rows: `all`, or `column=value`."),
}
_MEASURED: Mapping[str, tuple[str, str]] = {
    "run_id": ("varchar", "The run that measured it."),
    "measured_at": ("timestamp", "When (UTC)."),
}

# column: (type, what it says), as in ml.tables.
MONITORING: Mapping[Relation, Mapping[str, tuple[str, str]]] = {
    PROFILES: {
        **_WINDOW,
        "data": ("varchar", "training (of predictions the rows held out), or scoring."),
        **_COLUMN,
        "type": ("varchar", "number, category, or length (of a document, in letters)."),
        "rows": ("bigint", "How many rows."),
        "keys": ("bigint", "Of how many keys they are: several rows of one key count as one."),
        "missing": ("bigint", "How many of those looked at are null, NaN or infinite."),
        "missing_share": ("double", "Their share."),
        "mean": ("double", "The mean of a number."),
        "spread": ("double", "Its standard deviation."),
        "q05": ("double", "Five values in a hundred are not above it."),
        "q25": ("double", "A quarter of the values is not above it."),
        "median": ("double", "Half of the values are not above it."),
        "q75": ("double", "Three quarters of the values are not above it."),
        "q95": ("double", "All but five values in a hundred are not above it."),
        "points": ("double[]", "Up to 1,001 values of a number, rising: all, or quantiles."),
        "below": ("bigint[]", "For each point how many values are less."),
        "upto": ("bigint[]", "For each point how many values are not above it."),
        "sums": ("double[]", "For each point the sum of the values between it and the one before."),
        "categories": ("varchar[]", "The up to 1,000 most frequent categories."),
        "counts": ("bigint[]", "How often each of them occurs."),
        "others": ("bigint", "How many rows have a category that is none of them."),
        **_MEASURED,
    },
    DRIFT: {
        **_WINDOW,
        **_COLUMN,
        "baseline": (
            "varchar",
            "training, before (the window before), or same_rows (the rows of the training set that "
            "are of the same key and date).",
        ),
        "baseline_from": ("date", "The first date of the baseline."),
        "baseline_to": ("date", "The last one."),
        "baseline_rows": ("bigint", "The rows of the baseline."),
        "rows": ("bigint", "The rows of the window; of same_rows those that are in both."),
        "psi": ("double", "Population stability index."),
        "jensen_shannon": ("double", "Jensen-Shannon distance, to base e."),
        "kolmogorov_smirnov": ("double", "Kolmogorov-Smirnov distance of a number."),
        "wasserstein": ("double", "Wasserstein distance of a number, in its own unit."),
        "wasserstein_norm": ("double", "The same in standard deviations of the baseline."),
        "chi_square": ("double", "Pearson's statistic of the bins, missing values being one."),
        "p_value": (
            "double",
            "How likely so much is if nothing has changed; several rows of one key count as one.",
        ),
        "total_variation": ("double", "Total variation distance of the bins."),
        "missing": ("double", "By how much the share of missing values has grown."),
        "unseen": ("double", "The share of values that the baseline has not, or out of its range."),
        "differ": ("double", "Of same_rows, the share of rows with another value."),
        "is_alarm": ("boolean", "Whether it is above a threshold, and no accident."),
        "reason": ("varchar", "Which threshold it is above, or why nothing was measured."),
        **_MEASURED,
    },
    PERFORMANCE: {
        **_WINDOW,
        "kind": ("varchar", "realised (the labels are there), or estimated (before they are)."),
        "metric": ("varchar", "The metric, or of an estimate a cell of the confusion matrix."),
        "value": ("double", "Its value, null where it is not defined."),
        "low": ("double", "The lower bound of the 95 % interval."),
        "high": ("double", "The upper bound of the 95 % interval."),
        "rows": ("bigint", "The rows it was measured on."),
        "predictions": ("bigint", "The predictions of the window, with a label or without."),
        "labels_hash": ("varchar", "What tells whether labels or predictions have changed since."),
        "is_alarm": ("boolean", "Whether it is worse than on the rows held out, beyond chance."),
        "reason": ("varchar", "Why it is an alarm, or why nothing was measured."),
        **_MEASURED,
    },
    RETRAININGS: {
        "model": ("varchar", "The ML model's name."),
        "run_id": ("varchar", "The run."),
        "decided_at": ("timestamp", "When (UTC)."),
        "is_trained": ("boolean", "Whether the run was to train."),
        "reason": ("varchar", "Why, or why not."),
        "by": ("varchar", "`policy`, or `hand` for `goldloop train`."),
        "version": ("integer", "The version it came to, null where none was trained."),
    },
}
