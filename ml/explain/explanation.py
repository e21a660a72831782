"""An explanation of rows: a base and what each feature adds to it."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_matrix

from ml.evaluation.metrics import Array, Codes

Space = Literal["log-odds", "probability", "number", "logarithm"]


@dataclass(frozen=True)
class Explanation:
    """``base[output] + contributions.sum(axis=1)`` is the raw score of each row.

    ``contributions`` [rows, names] is an array, of words a sparse matrix; ``output`` [rows] says
    which of the outputs is explained; ``space`` is what the numbers are in. Calibration comes
    after: the raw score is what the estimator itself says.
    """

    names: tuple[str, ...]
    base: Array
    contributions: Array | csr_matrix
    output: Codes
    space: Space

    @property
    def margin(self) -> Array:
        """The raw score of each row."""
        total: Any = self.contributions.sum(axis=1)
        return np.asarray(self.base[self.output] + np.asarray(total).reshape(-1))
