"""What tells: the encoder, the fitted estimator, its calibration, and where it decides."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import estimators
from ml.data.features import Encoder, Inputs
from ml.declaration.measures import Task
from ml.evaluation.metrics import Array, Codes
from ml.fitting.calibration import Calibration


@dataclass(frozen=True)
class Model:
    """A fitted model, as training makes it and as the registry gives it back.

    ``classes`` are text in the label's order, none for a regression. ``calibration`` maps the
    estimator's probabilities, ``threshold`` is the score from which on the second of two classes
    is told; without it the likeliest class is. Of an anomaly detection it is the score from which
    on a row is an anomaly.
    """

    encoder: Encoder
    estimator: Any
    task: Task
    classes: tuple[str, ...] = ()
    calibration: Calibration | None = None
    threshold: float | None = None

    def tell(self, inputs: Inputs) -> Array:
        """Return probabilities [rows, classes], calibrated, or for a regression numbers [rows].

        What other tasks tell :func:`ml.estimators.tell` says.
        ``inputs`` are what :meth:`ml.features.Encoder.encode` gives.
        """
        return self.calibrated(estimators.tell(self.estimator, inputs, self.task))

    def calibrated(self, told: Array) -> Array:
        """Return the estimator's own word ``told`` as :meth:`tell` gives it."""
        return told if self.calibration is None else self.calibration.apply(told)

    def flags(self, told: Array) -> npt.NDArray[np.bool_]:
        """Return whether each of ``told`` [rows], how anomalous rows are, is an anomaly."""
        return np.asarray(told >= (0.5 if self.threshold is None else self.threshold))

    def decide(self, told: Array) -> Codes:
        """Return the position of the class told for each row of ``told`` [rows, classes]."""
        if self.threshold is not None and len(self.classes) == 2:
            return (told[:, 1] >= self.threshold).astype(np.int64)
        return np.asarray(np.argmax(told, axis=1), dtype=np.int64)
