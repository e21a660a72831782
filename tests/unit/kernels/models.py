"""Data and models that the tests of the kernels share."""

from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from ml.kernels.quicken import quicken

MANY = 10**9
METHODS = ("predict", "predict_proba", "decision_function")


def numbers(seed: int, rows: int = 400, columns: int = 5, *, missing: float = 0.15) -> Any:
    """Numbers rounded so that values meet thresholds; the last column is a category of 12."""
    rng = np.random.default_rng(seed)
    matrix = np.round(rng.normal(size=(rows, columns)) * 10.0 ** rng.integers(-2, 3, columns), 1)
    matrix[:, -1] = rng.integers(0, 12, rows)
    matrix[rng.random((rows, columns)) < missing] = np.nan
    return matrix


def answers(matrix: Any, classes: int, seed: int = 0) -> Any:
    """Numbers to learn, or ``classes`` of them."""
    rng = np.random.default_rng(seed)
    told = np.nan_to_num(matrix, nan=-1.0) @ rng.normal(size=matrix.shape[1])
    told += rng.normal(size=len(told)) * np.std(told)
    if not classes:
        return told
    return np.searchsorted(np.quantile(told, np.arange(1, classes) / classes), told)


def hard_rows(matrix: Any, thresholds: Any = ()) -> Any:
    """Rows as they came, and each column of missing, endless, unseen and bordering values."""
    columns = matrix.shape[1]
    borders = np.array([*thresholds, 0.0, -0.0, 1e300, -1e300, np.inf, -np.inf, np.nan, 5e-324])
    near = np.concatenate([borders, np.nextafter(borders, np.inf), np.nextafter(borders, -np.inf)])
    rows = [matrix]
    for column in range(columns):
        spoilt = np.resize(matrix, (len(near), columns)).copy()
        spoilt[:, column] = near
        rows.append(spoilt)
    return np.concatenate(rows)


def boosted(classes: int, **params: Any) -> Any:
    kind = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return kind(early_stopping=False, random_state=0, **params)


def assert_tells_the_same(model: Any, matrix: Any) -> None:
    """Hold the stand-in against scikit-learn, bit for bit, on every method it has."""
    quick = quicken(model, rows=MANY)
    assert quick is not model
    for method in METHODS:
        if hasattr(model, method):
            told, own = getattr(quick, method)(matrix), getattr(model, method)(matrix)
            assert told.shape == own.shape
            assert told.dtype == own.dtype
            assert np.array_equal(told, own), (model, method)
