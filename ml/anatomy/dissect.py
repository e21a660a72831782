"""Which kind of estimator a model is, and its parts."""

from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from ml.anatomy.cells import Cells, Plain
from ml.anatomy.linear import Linear, of_linear
from ml.anatomy.steps import Opaque, through
from ml.anatomy.trees import Ensemble, of_boosted, of_forest
from ml.anatomy.words import Words, of_words
from ml.model import Model
from ml.trees.boosted import BOOSTED
from ml.trees.forests import FORESTS

Anatomy = Linear | Ensemble | Words

LINEAR = (ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge)

__all__ = ["Anatomy", "Opaque", "dissect"]


def dissect(model: Model) -> Anatomy:
    """Return the parts of the estimator of ``model``.

    Raises Opaque, naming it, for an estimator or a transformer whose parts say nothing.
    """
    if model.encoder.reads_images:
        raise Opaque("an estimator of photos")
    before, last = _steps(model.estimator)
    if before and isinstance(before[0], TfidfVectorizer):
        if len(before) == 1 and isinstance(last, LINEAR):
            return of_words(before[0], last)
        raise Opaque(type(last).__name__)
    cells: Cells = tuple(Plain(at) for at in range(len(model.encoder.features)))
    for step in before:
        cells = through(step, cells)
    if isinstance(last, LINEAR):
        return of_linear(last, cells)
    if isinstance(last, FORESTS):
        return _after(before, of_forest(last, cells))
    if isinstance(last, BOOSTED):
        return _after(before, of_boosted(last, cells))
    raise Opaque(type(last).__name__)


def _steps(estimator: Any) -> tuple[list[Any], Any]:
    """Return what stands before the last step, and the last step."""
    before: list[Any] = []
    while isinstance(estimator, Pipeline):
        before += [step for _, step in estimator.steps[:-1] if step not in (None, "passthrough")]
        estimator = estimator.steps[-1][1]
    return before, estimator


def _after(before: list[Any], trees: Ensemble) -> Ensemble:
    """Let the inputs pass the steps before the trees."""
    if not before:
        return trees

    def leaves(inputs: Any) -> Any:
        for step in before:
            inputs = step.transform(inputs)
        return trees.leaves(inputs.toarray() if hasattr(inputs, "toarray") else inputs)

    return Ensemble(
        trees.columns, trees.trees, trees.base, trees.link, leaves, trees.divisor, trees.reach
    )
