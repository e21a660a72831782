"""A model as compiled code, and how many rows it is asked for at once."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from ml import estimators
from ml.compiled.column import Values
from ml.compiled.ensemble import CompiledTrees, of_trees
from ml.compiled.linear import CompiledLinear, of_linear
from ml.data.features import Inputs
from ml.evaluation.metrics import Array
from ml.model import Model

# The columns of so many rows of a matrix stay in the second-level cache while they are read.
_BLOCK = 4096


@dataclass(frozen=True)
class Compiled:
    """A model that tells from columns, by compiled code where that holds, else as the model does.

    Ensembles of trees are told bit for bit as scikit-learn tells them, linear models within 1e-12
    of the magnitude of their terms.
    """

    model: Model
    made: CompiledTrees | CompiledLinear

    def tell(self, columns: Sequence[Values]) -> Array:
        """Return probabilities [rows, classes], calibrated, or numbers [rows].

        ``columns`` are those of the encoder: numbers, or codes of categories.
        """
        return self.model.calibrated(self._told(columns))

    def tell_matrix(self, inputs: Inputs) -> Array:
        """Return the same for ``inputs`` [rows, features], on every core."""
        starts = range(0, len(inputs), _BLOCK)

        def block(start: int) -> Array:
            rows = inputs[start : start + _BLOCK]
            told = self.made.tell([Values(column) for column in rows.T])
            return self._scikit_learn(rows) if told is None else told

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return self.model.calibrated(np.concatenate(list(threads.map(block, starts))))

    def _told(self, columns: Sequence[Values]) -> Array:
        told = self.made.tell(columns)
        if told is not None:
            return told
        return self._scikit_learn(np.stack([column.numbers() for column in columns], axis=1))

    def _scikit_learn(self, rows: Inputs) -> Array:
        return estimators.tell(self.model.estimator, rows, self.model.task)


def compiled(model: Model) -> Compiled | None:
    """Return ``model`` compiled, None where scikit-learn alone can tell."""
    if model.encoder.reads_text or model.encoder.reads_images:
        return None
    made = of_trees(model.estimator) or of_linear(model.estimator)
    return None if made is None else Compiled(model, made)
