"""The kinds of models, one by task; see :mod:`ml.kinds.kind` for what a kind is."""

from collections.abc import Mapping

from ml.kinds.forecasts import Forecasts
from ml.kinds.kind import Kind
from ml.kinds.labelled import Labelled
from ml.kinds.recommendations import Recommendations
from ml.kinds.unlabelled import Unlabelled

__all__ = ["KINDS", "Kind", "kind_of"]

KINDS: Mapping[str, Kind] = {
    "classification": Labelled(),
    "regression": Labelled(),
    "recommendation": Recommendations(),
    "forecast": Forecasts(),
    "clustering": Unlabelled(),
    "decomposition": Unlabelled(),
    "anomaly_detection": Unlabelled(),
}


def kind_of(task: str) -> Kind:
    """Return the kind of models of ``task``."""
    return KINDS[task]
