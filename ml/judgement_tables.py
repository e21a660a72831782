"""The tables of how good each version is: measures, curves, and what its features do."""

from collections.abc import Mapping

from ml.relation import Relation

EVALUATIONS = Relation("ml", "evaluations")
COMPARISONS = Relation("ml", "comparisons")
CURVES = Relation("ml", "curves")
CONFUSION = Relation("ml", "confusion")
RESIDUALS = Relation("ml", "residuals")
IMPORTANCES = Relation("ml", "importances")
DEPENDENCE = Relation("ml", "dependence")
CLUSTER_PROFILES = Relation("ml", "cluster_profiles")
COMPONENTS = Relation("ml", "components")

# What each of these tables, and others about a version, begins with.
OF_VERSION: Mapping[str, tuple[str, str]] = {
    "model": ("varchar", "The ML model's name."),
    "version": ("integer", "Its version."),
}

# column: (type, what it says), as in ml.tables.
JUDGEMENTS: Mapping[Relation, Mapping[str, tuple[str, str]]] = {
    EVALUATIONS: {
        **OF_VERSION,
        "data": (
            "varchar",
            "test, train, validation (out of fold), or on the test rows: baseline, champion (the "
            "one that was there).",
        ),
        "segment": ("varchar", "The part of the rows: `all`, `column=value`, or `fold=1`."),
        "metric": ("varchar", "The metric's name."),
        "value": ("double", "Its value, null where it is not defined or has too few rows."),
        "low": ("double", "The lower bound of the 95 % interval, null on train."),
        "high": ("double", "The upper bound of the 95 % interval, null on train."),
        "rows": ("bigint", "The rows it was measured on."),
    },
    COMPARISONS: {
        **OF_VERSION,
        "against": ("varchar", "`baseline`, or the champion that was there as `name@3`."),
        "metric": ("varchar", "The metric's name."),
        "difference": ("double", "By how much the version is better; negative where it is worse."),
        "low": ("double", "The lower bound of its 95 % interval, on the same resamples."),
        "high": ("double", "The upper bound of its 95 % interval."),
        "rows": ("bigint", "The rows held out on which both were measured."),
        "seen": (
            "double",
            "The share of the rows held out that `against` has learnt from, where known; they are "
            "left out of `rows` if enough others are there.",
        ),
        "reason": ("varchar", "Why nothing was measured, null where it was."),
    },
    CURVES: {
        **OF_VERSION,
        "data": ("varchar", "test."),
        "curve": ("varchar", "roc, precision_recall, calibration or gains."),
        "class": ("varchar", "The class told from the rest; of two the positive one."),
        "point": ("integer", "0, 1, 2 … along the curve."),
        "x": (
            "double",
            "False positive rate, recall, mean probability told, or share of rows taken.",
        ),
        "y": (
            "double",
            "True positive rate, precision, share that came true, or share of the class found.",
        ),
        "threshold": (
            "double",
            "The score from which on rows count; where a calibration bin begins; null for no row.",
        ),
    },
    CONFUSION: {
        **OF_VERSION,
        "data": ("varchar", "test."),
        "truth": ("varchar", "The class it is."),
        "told": ("varchar", "The class told, at the threshold decided on."),
        "rows": ("bigint", "How many rows."),
    },
    RESIDUALS: {
        **OF_VERSION,
        "data": ("varchar", "test."),
        "bin": ("integer", "1, 2 … 10: equal shares of the rows by what was told, lowest first."),
        "rows": ("bigint", "How many rows."),
        "told_low": ("double", "The lowest number told."),
        "told_high": ("double", "The highest number told."),
        "told": ("double", "The mean of what was told."),
        "residual": ("double", "The mean of truth less told."),
        "spread": ("double", "The standard deviation of truth less told."),
        "low": ("double", "Five rows in a hundred have a lower residual."),
        "high": ("double", "Five rows in a hundred have a higher residual."),
    },
    IMPORTANCES: {
        **OF_VERSION,
        "feature": ("varchar", "The feature whose values were shuffled among the test rows."),
        "metric": ("varchar", "The metric that suffered: the first of `problem.success`."),
        "value": ("double", "By how much it became worse, the mean of the shuffles."),
        "low": ("double", "By how much in the shuffle that did the least."),
        "high": ("double", "By how much in the shuffle that did the most."),
    },
    DEPENDENCE: {
        **OF_VERSION,
        "feature": ("varchar", "The feature that is set to one value in every row."),
        "value": ("varchar", "That value as text."),
        "x": ("double", "That value where it is a number."),
        "class": ("varchar", "The class, of two the positive one; null for a regression."),
        "y": ("double", "The mean probability of the class, or the mean number told."),
    },
    CLUSTER_PROFILES: {
        **OF_VERSION,
        "cluster": ("integer", "The cluster, as `prediction` names it."),
        "rows": ("bigint", "How many of the rows learnt from it has."),
        "share": ("double", "The share of the rows learnt from that these are."),
        "feature": ("varchar", "The feature."),
        "value": ("varchar", "The category told of, or `is missing`; null for a number."),
        "mean": ("double", "The mean in the cluster; of a category the share of its rows."),
        "median": ("double", "The median in the cluster, null for a category."),
        "whole_mean": ("double", "The mean, or the share, in all rows learnt from."),
        "whole_median": ("double", "The median in all rows learnt from, null for a category."),
        "apart": ("double", "Mean less whole mean, in standard deviations of the whole."),
    },
    COMPONENTS: {
        **OF_VERSION,
        "component": ("integer", "1, 2, 3 …: the place in `prediction`."),
        "explained": ("double", "The share of the variance learnt from that it keeps."),
        "feature": ("varchar", "The feature."),
        "value": ("varchar", "The category, or `is missing`; null for the number itself."),
        "weight": ("double", "What the component adds for each unit of the scaled column."),
    },
}
