"""Lower ends of 95 % intervals that stay honest where a feature separates few rows perfectly.

The usual ones have no width there: a column of four rows in the label's order would be certain.
"""

import math

from scipy.special import betaincinv

Z = 1.959963984540054
_STEPS = 60


def auc_low(auc: float, positives: int, negatives: int) -> float:
    """Return the lower end of the interval of a ROC AUC of so many rows.

    Newcombe's method 5 (Statistics in Medicine 25, 2006, 559-573): the AUC for which the one
    met is just within 1.96 of Hanley and McNeil's standard errors at that AUC.
    """
    if not positives or not negatives:
        return 0.0
    low, high = 0.0, auc
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if auc - middle > Z * math.sqrt(_variance(middle, positives, negatives)):
            low = middle
        else:
            high = middle
    return low


def _variance(auc: float, positives: int, negatives: int) -> float:
    """Return Hanley and McNeil's variance, both kinds counted as their mean as Newcombe does."""
    mean = (positives + negatives) / 2 - 1
    spread = 1 + mean * (1 - auc) / (2 - auc) + mean * auc / (1 + auc)
    return auc * (1 - auc) * spread / (positives * negatives)


def share_low(hits: int, rows: int) -> float:
    """Return the lower end of the exact interval (Clopper and Pearson) of ``hits`` in ``rows``."""
    return float(betaincinv(hits, rows - hits + 1, 0.025)) if hits else 0.0


def correlation_low(correlation: float, rows: int) -> float:
    """Return the lower end of the interval of a rank correlation of 0 or more.

    Fisher's z with the standard error of Bonett and Wright (Psychometrika 65, 2000, 23-28). A
    perfect one of n rows counts as 1 - 1/n.
    """
    if rows < 4:
        return 0.0
    met = min(correlation, 1 - 1 / rows)
    error = math.sqrt((1 + met * met / 2) / (rows - 3))
    return max(math.tanh(math.atanh(met) - Z * error), 0.0)
