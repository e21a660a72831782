"""A linear model over words: the vectorizer, its terms, a weight for each."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.anatomy.linear import link_of
from ml.anatomy.trees import Link
from ml.evaluation.metrics import Array


@dataclass(frozen=True)
class Words:
    """``vectorizer`` turns documents into [rows, terms]; ``weights`` are [outputs, terms]."""

    vectorizer: Any
    terms: tuple[str, ...]
    weights: Array
    intercept: Array
    link: Link


def of_words(vectorizer: Any, estimator: Any) -> Words:
    """Take a fitted vectorizer and the linear model behind it apart."""
    weights = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
    return Words(
        vectorizer,
        tuple(map(str, vectorizer.get_feature_names_out())),
        weights,
        np.zeros(len(weights)) + np.asarray(estimator.intercept_, dtype=np.float64),
        link_of(estimator, len(weights)),
    )
