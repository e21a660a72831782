"""Parameters as YAML has them, made what scikit-learn takes."""

from collections.abc import Mapping
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer

from ml.declaration.images import DESCRIBING
from ml.declaration.presets import WORD_PARAMS


def as_taken(kind: type, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``params`` for the class ``kind``: a list where only a tuple is taken becomes one."""
    constraints = getattr(kind, "_parameter_constraints", {})

    def taken(name: str, value: Any) -> Any:
        allowed = constraints.get(name, ())
        no_list = tuple in allowed and list not in allowed and "array-like" not in allowed
        return tuple(value) if no_list and isinstance(value, list) else value

    return {name: taken(name, value) for name, value in params.items()}


def describing_apart(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``params`` without those that say how photos are described."""
    return {name: value for name, value in params.items() if name not in DESCRIBING}


def words_apart(params: Mapping[str, Any]) -> tuple[TfidfVectorizer, dict[str, Any]]:
    """Return the step that weighs words by those of ``params`` that are its own, and the rest."""
    words = {name: value for name, value in params.items() if name in WORD_PARAMS}
    rest = {name: value for name, value in params.items() if name not in WORD_PARAMS}
    return TfidfVectorizer(**as_taken(TfidfVectorizer, words)), rest
