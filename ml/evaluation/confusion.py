"""Which class was told of which: the confusion matrix."""

from collections.abc import Sequence

import numpy as np

from ml.evaluation.metrics import Codes

# Of more classes only what happened is told.
_FEW_CLASSES = 10


def confusion_of(
    truth: Codes, decided: Codes, classes: Sequence[str]
) -> list[tuple[str, str, int]]:
    """Return truth, class told and number of rows; of up to ten classes for every pair."""
    many = len(classes)
    counts = np.bincount(truth * many + decided, minlength=many * many)
    return [
        (classes[pair // many], classes[pair % many], int(count))
        for pair, count in enumerate(counts)
        if count or many <= _FEW_CLASSES
    ]
