"""The words of text estimators, kept apart: skops writes a node for each, 35 s for 350,000."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer


@contextmanager
def taken_out(estimator: Any) -> Iterator[str]:
    """Take the vocabularies out of ``estimator`` for as long as this lasts; yield them as JSON."""
    found = [each for each in _vectorizers(estimator) if each.vocabulary_]
    words = [each.vocabulary_ for each in found]
    kept = [dict(vars(each)) for each in found]
    try:
        for at, each in enumerate(found):
            each.vocabulary_ = {"": at}
            # Where a list lay in memory, by which scikit-learn knows that it has checked it.
            each._stop_words_id = 0
        yield json.dumps([sorted(each, key=each.__getitem__) for each in words])
    finally:
        for each, before in zip(found, kept, strict=True):
            vars(each).update(before)


def put_back(estimator: Any, vocabularies: str) -> Any:
    """Return ``estimator`` with the ``vocabularies`` that :func:`taken_out` gave."""
    kept = json.loads(vocabularies)
    for each in _vectorizers(estimator):
        if each.vocabulary_:
            words = kept[each.vocabulary_[""]]
            each.vocabulary_ = {word: at for at, word in enumerate(words)}
    return estimator


def _vectorizers(estimator: Any) -> list[CountVectorizer]:
    """Return each fitted vectorizer within ``estimator``, however deep it stands, once."""
    found, seen, todo = [], set(), [estimator]
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, str | bytes | np.ndarray | type):
            continue
        seen.add(id(each))
        if isinstance(each, list | tuple):
            todo.extend(each)
        elif isinstance(each, dict):
            todo.extend(each.values())
        elif hasattr(each, "__dict__"):
            if isinstance(each, CountVectorizer) and hasattr(each, "vocabulary_"):
                found.append(each)
                continue
            todo.extend(vars(each).values())
    return found
