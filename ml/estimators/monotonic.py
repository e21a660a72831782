"""Features whose effect has one way only, by name."""

from collections.abc import Sequence

from ml.data.features import Encoder
from ml.errors import UsageError
from ml.names import listed
from ml.spec import ModelSpec

_WAYS = {"increasing": 1, "decreasing": -1}


def ways(spec: ModelSpec, encoder: Encoder) -> list[int] | None:
    """Return 1, -1 or 0 for each feature of ``encoder``, None where nothing is declared."""
    declared = spec.estimator.monotonic
    found = [_WAYS.get(declared.get(each.name, ""), 0) for each in encoder.features]
    return found if any(found) else None


def check_ways(spec: ModelSpec, encoder: Encoder, classes: Sequence[str]) -> None:
    """Raise UsageError for a name that is no feature or no number, or for too many classes."""
    kinds = {feature.name: feature.kind for feature in encoder.features}
    fix = f"fix estimator.monotonic in {spec.file}, then: dbt parse"
    for name in spec.estimator.monotonic:
        if name not in kinds:
            raise UsageError(
                f"estimator.monotonic of ML model '{spec.name}' names '{name}', which is no "
                f"feature; it has: {listed(name, kinds)}",
                fix=fix,
            )
        if kinds[name] not in ("number", "boolean"):
            raise UsageError(
                f"estimator.monotonic of ML model '{spec.name}' names '{name}', which is a "
                f"{kinds[name]} and has no order; allowed: numbers and booleans",
                fix=fix,
            )
    if spec.estimator.monotonic and len(classes) > 2:
        raise UsageError(
            f"ML model '{spec.name}' has estimator.monotonic and {len(classes)} classes; "
            "allowed: two classes, or a number",
            fix=fix,
        )
