"""What is kept of a forecaster: its method, and the series as they were when it was judged."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ml.declaration.estimator import Estimator
from ml.declaration.training import Series as Declared
from ml.forecast.methods import Method
from ml.forecast.series import Series, usable


def params_of(estimator: Estimator) -> dict[str, Any]:
    """Return the parameters declared, as JSON and skops have them: lists, no tuples."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in estimator.params.items()
    }


def state_of(estimator: Estimator, declared: Declared, series: Sequence[Series]) -> dict[str, Any]:
    """Return what the artifact is made of.

    What statsforecast fitted is not kept: its classes are not on the list of trusted types, and
    their parts hold functions. Fitting is deterministic, so nothing is lost by doing it again.
    """
    good = usable(series)
    return {
        "preset": estimator.name,
        "params": params_of(estimator),
        "series": declared.model_dump(mode="json"),
        "keys": [list(each.key) for each in good],
        "origins": np.array([each.grid.origin for each in good], dtype=np.int64),
        "lengths": np.array([len(each.values) for each in good], dtype=np.int64),
        "values": np.concatenate([each.values for each in good]),
    }


def method_of(kept: Mapping[str, Any]) -> tuple[Method, Declared]:
    """Return the method of an artifact, and how it reads series."""
    declared = Declared.model_validate(kept["series"])
    return Method(kept["preset"], kept["params"], declared.level, declared.history), declared
