"""The metrics a declaration may name, and what is known of each before any number is computed."""

from dataclasses import dataclass
from typing import Literal

Task = Literal[
    "classification",
    "regression",
    "clustering",
    "decomposition",
    "anomaly_detection",
    "recommendation",
    "forecast",
]


@dataclass(frozen=True)
class Measure:
    """One metric: the tasks it judges, which way is better, and whether a bare score will do.

    ``ranks`` is true where only the order of scores counts, so that a column can be a baseline.
    """

    name: str
    tasks: tuple[Task, ...]
    higher_is_better: bool
    ranks: bool = False

    def gain(self, value: float, over: float) -> float:
        """Return by how much ``value`` is better than ``over`` (negative when worse)."""
        return value - over if self.higher_is_better else over - value


_ALL = (
    Measure("roc_auc", ("classification", "anomaly_detection"), higher_is_better=True, ranks=True),
    Measure(
        "average_precision",
        ("classification", "anomaly_detection"),
        higher_is_better=True,
        ranks=True,
    ),
    Measure("log_loss", ("classification",), higher_is_better=False),
    Measure("brier", ("classification",), higher_is_better=False),
    Measure("accuracy", ("classification",), higher_is_better=True),
    Measure("f1", ("classification",), higher_is_better=True),
    Measure("rmse", ("regression", "recommendation", "forecast"), higher_is_better=False),
    Measure("mae", ("regression", "recommendation", "forecast"), higher_is_better=False),
    Measure("r2", ("regression",), higher_is_better=True),
    Measure("ndcg_at_10", ("recommendation",), higher_is_better=True),
    Measure("precision_at_10", ("recommendation",), higher_is_better=True),
    Measure("recall_at_10", ("recommendation",), higher_is_better=True),
    Measure("item_coverage", ("recommendation",), higher_is_better=True),
    Measure("mase", ("forecast",), higher_is_better=False),
    Measure("smape", ("forecast",), higher_is_better=False),
    Measure("interval_coverage", ("forecast",), higher_is_better=True),
    Measure("silhouette", ("clustering",), higher_is_better=True),
    Measure("davies_bouldin", ("clustering",), higher_is_better=False),
    Measure("calinski_harabasz", ("clustering",), higher_is_better=True),
    Measure("explained_variance", ("decomposition",), higher_is_better=True),
    Measure("reconstruction_error", ("decomposition",), higher_is_better=False),
    Measure("flagged_share", ("anomaly_detection",), higher_is_better=False),
    Measure("flagged_gap", ("anomaly_detection",), higher_is_better=False),
    Measure("stability", ("anomaly_detection",), higher_is_better=True),
)

MEASURES = {measure.name: measure for measure in _ALL}


def measures_of(task: Task) -> tuple[Measure, ...]:
    """Return the metrics that judge ``task``, in the order they are reported."""
    return tuple(measure for measure in _ALL if task in measure.tasks)
