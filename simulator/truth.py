"""Why customers leave: the planted truth, in this one place.

The monthly chance that a running plan is cancelled is
``sigmoid(INTERCEPT + sum(COEFFICIENTS[f] * factor f) + frailty)``, frailty a normal number of the
customer's own that no file shows. Each day a plan is cancelled with the daily share of that chance.
docs/simulator.md carries the same numbers; a test holds the two together.
"""

import numpy as np

INTERCEPT = -2.65
COEFFICIENTS = {
    "tenure": -0.75,
    "price": 0.60,
    "unresolved_calls": 1.00,
    "tone": -1.30,
    "task_seconds": 1.65,
}
FRAILTY_SD = 0.35
CALL_WINDOW_DAYS = 90
TASK_WINDOW_DAYS = 60
MONTH_DAYS = 30


def factors(
    tenure_days: np.ndarray,
    price_cents: np.ndarray,
    unresolved: np.ndarray,
    tone: np.ndarray,
    seconds: np.ndarray,
) -> np.ndarray:
    """Return the factors of each plan, columns in the order of ``COEFFICIENTS``.

    ``tone`` is the mean tone of the window's calls (0 without a call), ``seconds`` the mean time of
    the window's tasks in the app (60 without a task), ``unresolved`` the count of unresolved calls.
    """
    return np.column_stack(
        [
            np.log1p(tenure_days / MONTH_DAYS),
            (price_cents / 100 - 10) / 5,
            np.minimum(unresolved, 3),
            tone,
            np.log(seconds / 60),
        ]
    )


def monthly_chance(matrix: np.ndarray, frailty: np.ndarray) -> np.ndarray:
    """Return the chance of each plan to be cancelled within a month."""
    weights = np.array(list(COEFFICIENTS.values()))
    return 1 / (1 + np.exp(-(INTERCEPT + matrix @ weights + frailty)))


def daily_chance(monthly: np.ndarray) -> np.ndarray:
    """Return the daily chance that adds up to ``monthly`` over a month."""
    return 1 - (1 - monthly) ** (1 / MONTH_DAYS)
