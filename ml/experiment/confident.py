"""Labels that are contradicted: confident learning.

C. G. Northcutt, L. Jiang, I. L. Chuang: Confident Learning: Estimating Uncertainty in Dataset
Labels. Journal of Artificial Intelligence Research 70 (2021), 1373-1411.
"""

import numpy as np
import numpy.typing as npt

from ml.evaluation.metrics import Array, Codes


def contradicted(labels: Codes, told: Array) -> npt.NDArray[np.bool_]:
    """Mark the rows off the diagonal of the confident joint.

    ``labels`` [rows] are class positions, ``told`` [rows, classes] probabilities by models that
    have not learnt from the row. A class is told confidently of a row when its probability is at
    least the mean of that over the rows labelled so; of several the likeliest counts. Marked are
    the rows of which another class than their label is told confidently.
    """
    classes = told.shape[1]
    counts = np.bincount(labels, minlength=classes)
    own = np.bincount(labels, told[np.arange(len(labels)), labels], minlength=classes)
    # A class that labels no row is told of none.
    least = np.divide(own, counts, out=np.full(classes, np.inf), where=counts > 0)
    confident = np.where(told >= least, told, -1.0)
    found = np.argmax(confident, axis=1)
    return np.asarray((confident.max(axis=1) >= 0) & (found != labels), dtype=np.bool_)
