"""The types an artifact may be made of, by the loader of skops that may be asked for them.

Written down here, but for the estimators of scikit-learn, which are those its own
``all_estimators`` finds below ``sklearn.``; nothing of it comes from an artifact. Methods,
``operator`` functions and calls of a constructor have no place: their loaders are not here.
"""

import warnings
from collections.abc import Iterable, Mapping
from functools import cache

from sklearn.utils import all_estimators

_HIST = "sklearn.ensemble._hist_gradient_boosting"


def _below(module: str, names: str) -> frozenset[str]:
    return frozenset(f"{module}.{name}" for name in names.split())


_SCALARS = _below(
    "numpy",
    "bool bool_ float16 float32 float64 int8 int16 int32 int64 str_ uint8 uint16 uint32 uint64",
)
# Parts of estimators that are no estimators of their own.
_PARTS = (
    _below(
        "sklearn._loss.link",
        "HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit",
    )
    | _below(
        "sklearn._loss.loss",
        "AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss "
        "HalfPoissonLoss HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss "
        "PinballLoss",
    )
    | _below("sklearn.calibration", "_CalibratedClassifier _SigmoidCalibration")
    | _below("sklearn.compose._column_transformer", "_RemainderColsList make_column_selector")
    | _below(_HIST, "binning._BinMapper predictor.TreePredictor")
    | _below("sklearn.gaussian_process._gpc", "_BinaryGaussianProcessClassifierLaplace")
    | _below(
        "sklearn.gaussian_process.kernels",
        "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Matern "
        "PairwiseKernel Product RBF RationalQuadratic Sum WhiteKernel",
    )
    | _below(
        "sklearn.metrics._dist_metrics",
        "BrayCurtisDistance64 CanberraDistance64 ChebyshevDistance64 DiceDistance64 "
        "EuclideanDistance64 HammingDistance64 HaversineDistance64 JaccardDistance64 "
        "MahalanobisDistance64 ManhattanDistance64 MinkowskiDistance64 RogersTanimotoDistance64 "
        "RussellRaoDistance64 SEuclideanDistance64 SokalSneathDistance64",
    )
    | _below("sklearn.multiclass", "_ConstantPredictor")
    | _below("sklearn.neighbors._ball_tree", "BallTree")
    | _below("sklearn.neighbors._kd_tree", "KDTree")
    | _below("sklearn.neural_network._stochastic_optimizers", "AdamOptimizer SGDOptimizer")
    | _below("sklearn.preprocessing._function_transformer", "FunctionTransformer")
)
ALLOWED: Mapping[str, frozenset[str]] = {
    "DefaultDictNode": frozenset(("collections.defaultdict",)),
    "DictNode": frozenset(
        ("builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch")
    ),
    "DTypeNode": frozenset(("numpy.dtype",)),
    # Functions of numbers alone: what a FunctionTransformer is likely to be made of.
    "FunctionNode": _below("numpy", "absolute cbrt exp expm1 log log10 log1p log2 sign sqrt square")
    | {"sklearn.utils.validation.check_array"},
    "JsonNode": frozenset(("builtins.str",)),
    "ListNode": frozenset(("builtins.list",)),
    "LossNode": _below(
        "sklearn._loss._loss",
        "CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss "
        "CyHalfMultinomialLoss CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss "
        "CyHalfTweedieLossIdentity CyHuberLoss CyPinballLoss",
    )
    | _below(
        "sklearn.linear_model._sgd_fast",
        "EpsilonInsensitive Hinge ModifiedHuber SquaredEpsilonInsensitive SquaredHinge",
    ),
    "NdArrayNode": _SCALARS | {"numpy.ndarray"},
    "ObjectNode": _PARTS,
    "PartialNode": frozenset(("functools.partial",)),
    "RandomGeneratorNode": frozenset(("numpy.random._generator.Generator",)),
    "RandomStateNode": frozenset(("numpy.random.mtrand.RandomState",)),
    "SetNode": frozenset(("builtins.set",)),
    "SliceNode": frozenset(("builtins.slice",)),
    "SparseMatrixNode": _below("scipy.sparse._csr", "csr_matrix csr_array")
    | _below("scipy.sparse._csc", "csc_matrix csc_array"),
    "TreeNode": frozenset(("sklearn.tree._tree.Tree",)),
    "TupleNode": frozenset(("builtins.tuple",)),
    "TypeNode": _below("builtins", "bool dict float int list set str tuple")
    | {"collections.OrderedDict"}
    | _SCALARS,
}
# What a name that the project file trusts may be: a class, a function, or its name alone.
_OF_TRUST = ("FunctionNode", "ObjectNode", "TypeNode")
TRUSTED_BY_NAME = ("(FunctionNode)", "(ObjectNode)")


def is_allowed(loader: str, type_: str, trusted: Iterable[str] = ()) -> bool:
    """Whether ``loader`` may be asked for ``type_``; ``trusted`` are names beside the list."""
    if type_ in ALLOWED.get(loader, frozenset()):
        return True
    if loader == "ObjectNode" and type_ in scikit_learn():
        return True
    return loader in _OF_TRUST and type_ in trusted


@cache
def scikit_learn() -> frozenset[str]:
    """Return the full names of scikit-learn's estimators and transformers."""
    with warnings.catch_warnings():
        # Of what will be gone in a later version.
        warnings.simplefilter("ignore", FutureWarning)
        found = (kind for _, kind in all_estimators())
        names = {f"{kind.__module__}.{kind.__qualname__}" for kind in found}
    return frozenset(name for name in names if name.startswith("sklearn."))
