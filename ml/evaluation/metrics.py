"""Metrics of weighted rows, for many weightings at once.

Each function takes ``weights`` [resamples, rows] and returns one value a resample: with a row of
ones the metric itself (scikit-learn's definition), with drawn counts its bootstrap distribution.
A value that is not defined, such as the ROC AUC of one class, is NaN.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def classification(
    truth: Codes, shares: Array, weights: Array, decided: Codes | None = None
) -> dict[str, Array]:
    """Return every classification metric of probabilities ``shares`` [rows, classes].

    ``truth`` [rows] holds class positions, ``decided`` [rows] those of the classes told (by default
    the likeliest), which accuracy and f1 judge. For more than two classes roc_auc,
    average_precision and f1 are means over the classes, each against the rest.
    """
    told = np.argmax(shares, axis=1) if decided is None else decided
    known = np.clip(shares, np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
    hit = np.eye(shares.shape[1])[truth]
    squares = np.sum((shares - hit) ** 2, axis=1) / (2 if shares.shape[1] == 2 else 1)
    rows = np.arange(len(truth))
    return {
        "roc_auc": _over_classes(roc_auc, truth, shares, weights),
        "average_precision": _over_classes(average_precision, truth, shares, weights),
        "log_loss": _mean(-np.log(known[rows, truth]), weights),
        "brier": _mean(squares, weights),
        "accuracy": _mean((told == truth).astype(np.float64), weights),
        "f1": _f1(truth, told, shares.shape[1], weights),
    }


def ranking(truth: Codes, score: Array, weights: Array) -> dict[str, Array]:
    """Return the metrics that need only the order of ``score`` [rows]; two classes."""
    positive = truth == 1
    return {
        "roc_auc": roc_auc(positive, score, weights),
        "average_precision": average_precision(positive, score, weights),
    }


def regression(truth: Array, told: Array, weights: Array) -> dict[str, Array]:
    """Return every regression metric of predictions ``told`` [rows]."""
    error = truth - told
    mean = _mean(truth, weights)[:, None]
    spread = np.sum(weights * (truth - mean) ** 2, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = 1 - np.sum(weights * error**2, axis=1) / spread
    return {
        "rmse": np.sqrt(_mean(error**2, weights)),
        "mae": _mean(np.abs(error), weights),
        "r2": np.where(spread > 0, explained, np.nan),
    }


def roc_auc(positive: npt.NDArray[np.bool_], score: Array, weights: Array) -> Array:
    """Return the chance that a positive row scores above a negative one, ties counting half."""
    hits, misses = _tied(positive, score, weights)
    below = np.cumsum(misses, axis=1) - misses
    pairs = np.sum(hits * (below + misses / 2), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(pairs / (hits.sum(axis=1) * misses.sum(axis=1)), dtype=np.float64)


def average_precision(positive: npt.NDArray[np.bool_], score: Array, weights: Array) -> Array:
    """Return the mean precision over the positive rows, highest score first, ties together."""
    hits, misses = _tied(positive, -score, weights)
    found = np.cumsum(hits, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = found / (found + np.cumsum(misses, axis=1))
        # A tie group without a drawn row has no precision and adds nothing.
        total = np.sum(hits * np.nan_to_num(precision), axis=1)
        return np.asarray(total / hits.sum(axis=1), dtype=np.float64)


def _tied(positive: npt.NDArray[np.bool_], score: Array, weights: Array) -> tuple[Array, Array]:
    """Return the weight of positive and of negative rows for each distinct score, ascending."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    drawn = weights[:, order]
    hits = np.add.reduceat(drawn * positive[order], starts, axis=1)
    return hits, np.add.reduceat(drawn, starts, axis=1) - hits


def _over_classes(
    metric: Callable[[npt.NDArray[np.bool_], Array, Array], Array],
    truth: Codes,
    shares: Array,
    weights: Array,
) -> Array:
    if shares.shape[1] == 2:
        return metric(truth == 1, shares[:, 1], weights)
    present = np.unique(truth)
    each = [metric(truth == code, shares[:, code], weights) for code in present]
    return _mean_of_defined(np.stack(each))


def _f1(truth: Codes, told: Codes, classes: int, weights: Array) -> Array:
    positives = [1] if classes == 2 else list(np.union1d(truth, told))
    each = []
    for code in positives:
        both = weights @ ((truth == code) & (told == code)).astype(np.float64)
        either = weights @ ((truth == code).astype(np.float64) + (told == code))
        undefined = 0.0 if classes == 2 else np.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            each.append(np.where(either > 0, 2 * both / either, undefined))
    return _mean_of_defined(np.stack(each))


def _mean_of_defined(values: Array) -> Array:
    """Return the mean over the first axis of what is defined, NaN where nothing is."""
    defined = ~np.isnan(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.where(defined, values, 0).sum(axis=0)
        return np.asarray(total / defined.sum(axis=0), dtype=np.float64)


def _mean(values: Array, weights: Array) -> Array:
    return np.asarray(weights @ values / weights.sum(axis=1), dtype=np.float64)
