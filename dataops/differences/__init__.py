"""What changed from one warehouse to another: schema, rows by key, ML models and predictions."""

from dataops.differences.compare import compare
from dataops.differences.difference import (
    MASKED,
    Column,
    ColumnDifference,
    Difference,
    Metric,
    MetricDifference,
    ModelDifference,
    Retyped,
    Sample,
    TableDifference,
    Value,
    VersionDifference,
    ViewDifference,
    Whole,
)
from dataops.differences.keys import primary_keys

__all__ = [
    "MASKED",
    "Column",
    "ColumnDifference",
    "Difference",
    "Metric",
    "MetricDifference",
    "ModelDifference",
    "Retyped",
    "Sample",
    "TableDifference",
    "Value",
    "VersionDifference",
    "ViewDifference",
    "Whole",
    "compare",
    "primary_keys",
]
