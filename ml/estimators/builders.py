"""``estimator.builder``: a function of the project that gives an estimator of its own."""

import inspect
from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator

from ml.data.features import Encoder
from ml.errors import UsageError
from ml.spec import ModelSpec
from ml.versions.code import importable, imported


def build_with(spec: ModelSpec, encoder: Encoder) -> Any:
    """Return what ``estimator.builder`` of ``spec`` makes for the features of ``encoder``.

    Raises UsageError when the builder fails or gives no estimator.
    """
    builder = find_builder(spec)
    try:
        with importable(spec.folder):
            made = builder(encoder.features, spec.estimator.params)
    except Exception as error:
        raise _refused(spec, f"failed: {type(error).__name__}: {error}") from error
    if not isinstance(made, BaseEstimator):
        raise _refused(
            spec,
            f"gave {type(made).__name__}; allowed: an estimator or a Pipeline of scikit-learn",
        )
    if any(name.split("__")[-1] == "memory" and value for name, value in _params(made)):
        raise _refused(spec, "gave a step with memory; what it keeps are pickles, never read")
    return _seeded(made, spec.estimator.seed)


def find_builder(spec: ModelSpec) -> Callable[..., Any]:
    """Return the function; raises UsageError when it is none that takes features and params."""
    name = str(spec.estimator.builder)
    found = imported(name, spec.trusted, key="estimator.builder", file=spec.file)
    try:
        inspect.signature(found).bind((), {})
    except (TypeError, ValueError) as error:
        raise _refused(
            spec, f"cannot be called ({error}); allowed: a function of (features, params)"
        ) from None
    return found  # type: ignore[no-any-return]


def _seeded(made: Any, seed: int) -> Any:
    """Give the seed to each part that would draw another number each time."""
    unset = [name for name, value in _params(made) if value is None]
    seeds = {name: seed for name in unset if name.split("__")[-1] == "random_state"}
    return made.set_params(**seeds)


def _params(made: Any) -> list[tuple[str, Any]]:
    return list(made.get_params(deep=True).items())


def _refused(spec: ModelSpec, problem: str) -> UsageError:
    return UsageError(
        f"estimator.builder '{spec.estimator.builder}' of ML model '{spec.name}' {problem}",
        fix=f"mend it, or fix {spec.file}, then: goldloop train {spec.name}",
    )
