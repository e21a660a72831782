"""From a declaration to an estimator, whichever of the three ways it is declared."""

from typing import Any

from ml.data.features import Encoder
from ml.declaration.presets import PRESETS, Reads
from ml.estimators.builders import build_with
from ml.estimators.classes import build_class
from ml.estimators.presets import build_preset
from ml.spec import ModelSpec

MOST_CATEGORIES = 255


def build(spec: ModelSpec, encoder: Encoder) -> Any:
    """Return the estimator of ``spec`` for the features of ``encoder``, not yet fitted."""
    if spec.estimator.builder is not None:
        return build_with(spec, encoder)
    if spec.estimator.class_ is not None:
        return build_class(spec, encoder)
    return build_preset(spec, encoder)


def reads(spec: ModelSpec) -> Reads:
    """Return what the estimator is given."""
    if spec.estimator.onnx is not None:
        return "values"
    if spec.estimator.preset is None:
        return spec.estimator.reads or "numbers"
    return PRESETS[spec.estimator.preset].reads


def most_categories(spec: ModelSpec) -> int:
    """Return how many categories of one feature the estimator can tell apart."""
    declared = spec.estimator.params.get("max_bins", MOST_CATEGORIES)
    return declared if isinstance(declared, int) else MOST_CATEGORIES
