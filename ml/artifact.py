"""A fitted estimator as bytes and back, by skops, trusting no more than is listed here.

Nothing is ever unpickled, and no list of trusted types is read from an artifact. Every type and
function the bytes name is held against the list below before anything is built from them.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from copy import copy
from importlib.metadata import version
from typing import Any

import skops.io
from sklearn.pipeline import Pipeline

from ml.canonical import canonical
from ml.errors import PipelineError

_TREES = "sklearn.ensemble._hist_gradient_boosting"

# The loader of skops and the types it may be asked for.
ALLOWED: Mapping[str, frozenset[str]] = {
    "DictNode": frozenset(("builtins.dict",)),
    "DTypeNode": frozenset(("numpy.dtype",)),
    "FunctionNode": frozenset(("sklearn.utils.validation.check_array",)),
    "JsonNode": frozenset(("builtins.str",)),
    "ListNode": frozenset(("builtins.list",)),
    "LossNode": frozenset(
        f"sklearn._loss._loss.{name}"
        for name in ("CyHalfBinomialLoss", "CyHalfMultinomialLoss", "CyHalfSquaredError")
    ),
    "NdArrayNode": frozenset(("numpy.float64", "numpy.ndarray", "numpy.uint64")),
    "ObjectNode": frozenset(
        (
            "sklearn._loss.link.IdentityLink",
            "sklearn._loss.link.Interval",
            "sklearn._loss.link.LogitLink",
            "sklearn._loss.link.MultinomialLogit",
            "sklearn._loss.loss.HalfBinomialLoss",
            "sklearn._loss.loss.HalfMultinomialLoss",
            "sklearn._loss.loss.HalfSquaredError",
            "sklearn.compose._column_transformer.ColumnTransformer",
            f"{_TREES}.binning._BinMapper",
            f"{_TREES}.gradient_boosting.HistGradientBoostingClassifier",
            f"{_TREES}.gradient_boosting.HistGradientBoostingRegressor",
            f"{_TREES}.predictor.TreePredictor",
            "sklearn.feature_extraction.text.TfidfTransformer",
            "sklearn.feature_extraction.text.TfidfVectorizer",
            "sklearn.impute._base.MissingIndicator",
            "sklearn.impute._base.SimpleImputer",
            "sklearn.linear_model._logistic.LogisticRegression",
            "sklearn.pipeline.Pipeline",
            "sklearn.preprocessing._data.StandardScaler",
            "sklearn.preprocessing._encoders.OneHotEncoder",
            "sklearn.preprocessing._encoders.OrdinalEncoder",
            "sklearn.preprocessing._function_transformer.FunctionTransformer",
            "sklearn.preprocessing._label.LabelEncoder",
        )
    ),
    "PartialNode": frozenset(("functools.partial",)),
    "RandomGeneratorNode": frozenset(("numpy.random._generator.Generator",)),
    "SliceNode": frozenset(("builtins.slice",)),
    "TupleNode": frozenset(("builtins.tuple",)),
    "TypeNode": frozenset(("builtins.int", "builtins.str", "numpy.float64")),
}
# What skops wants to be told is trusted, because its own list does not have it.
_TRUSTED = (
    "functools.partial",
    "numpy.dtype",
    f"{_TREES}.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
)
_MADE_BY = ("duckdb", "numpy", "pyarrow", "scikit-learn", "scipy", "skops")
_READ_BY = ("scikit-learn", "skops")


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that decide what a fit gives."""
    return {name: version(name) for name in _MADE_BY}


def sha256(data: bytes) -> str:
    """Return the sha256 of ``data`` in hex."""
    return hashlib.sha256(data).hexdigest()


def dump(estimator: Any) -> bytes:
    """Return the fitted ``estimator`` as bytes that :func:`load` reads, the same for equal ones."""
    bare, vocabulary = _without_vocabulary(estimator)
    kept = {"estimator": bare, "vocabulary": vocabulary}
    return canonical(skops.io.dumps(kept))


def load(data: bytes, *, digest: str, libraries: Mapping[str, str], of: str) -> Any:
    """Return the estimator that :func:`dump` wrote as ``data``; ``of`` names it in errors.

    Raises PipelineError when the bytes do not match ``digest``, name a type that is not allowed,
    or were made with other versions of scikit-learn or skops than are installed.
    """
    retrain = f"train it anew: goldloop train {of.split('@', maxsplit=1)[0]}"
    met = sha256(data)
    if met != digest:
        raise PipelineError(
            f"the artifact of {of} has sha256 {met}, but {digest} was recorded; it was changed "
            "after it was made and is not read",
            fix=f"roll back to a release that has it whole, or {retrain}",
        )
    for name in _READ_BY:
        if libraries.get(name) != version(name):
            raise PipelineError(
                f"the artifact of {of} was made with {name} {libraries.get(name)}; installed is "
                f"{version(name)}; allowed: the version that made it",
                fix=f"install {name}=={libraries.get(name)}, or {retrain}",
            )
    foreign = sorted(set(_foreign(data)))
    if foreign:
        raise PipelineError(
            f"the artifact of {of} names what is not on the list of trusted types: "
            f"{', '.join(foreign)}; it is not read",
            fix=retrain,
        )
    kept = skops.io.loads(data, trusted=list(_TRUSTED))
    return _with_vocabulary(kept["estimator"], kept["vocabulary"])


def _foreign(data: bytes) -> Iterator[str]:
    """Yield each type the artifact names that is not allowed, with the loader it asks for."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        todo = [json.loads(archive.read("schema.json"))]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            todo.extend(node.values())
            if "__loader__" in node or "__class__" in node:
                loader = str(node.get("__loader__"))
                type_ = f"{node.get('__module__')}.{node.get('__class__')}"
                if type_ not in ALLOWED.get(loader, frozenset()):
                    yield f"{type_} ({loader})"


def _without_vocabulary(estimator: Any) -> tuple[Any, str]:
    """Return the estimator without its vocabulary, and that as JSON (empty when it has none).

    Skops writes a node for each word, 35 s for 350,000 of them; one text takes a moment.
    """
    words = _words(estimator)
    if words is None:
        return estimator, ""
    bare = copy(words)
    bare.vocabulary_ = {}
    # Where a list lay in memory, by which scikit-learn knows that it has checked it.
    bare._stop_words_id = 0
    terms = sorted(words.vocabulary_, key=words.vocabulary_.__getitem__)
    steps = [(name, bare if step is words else step) for name, step in estimator.steps]
    return Pipeline(steps), json.dumps(terms)


def _with_vocabulary(estimator: Any, vocabulary: str) -> Any:
    words = _words(estimator)
    if words is not None:
        words.vocabulary_ = {term: at for at, term in enumerate(json.loads(vocabulary))}
    return estimator


def _words(estimator: Any) -> Any:
    return estimator.named_steps.get("words") if isinstance(estimator, Pipeline) else None
