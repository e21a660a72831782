"""The macros of ML models as `goldloop models install` writes them into a project."""

import re
from pathlib import Path

from dataops.features.installed import MacroSet

MODULE = "orchestration.dbt_plugin"
# The macros that models call; the others are called by these.
CALLED = (
    "ml_predict",
    "ml_explain_predict",
    "ml_detect_anomalies",
    "ml_forecast",
    "ml_recommend",
    "ml_evaluate",
    "ml_confusion_matrix",
    "ml_roc_curve",
    "ml_feature_importance",
    "ml_training_info",
    "ml_feature_info",
    "ml_validate_drift",
    "ml_validate_skew",
)
ML_MACROS = MacroSet(
    Path(__file__).parents[1] / "dbt_plugin" / "macros",
    re.compile(rf"\b({'|'.join(CALLED)})\s*\("),
    "goldloop models install",
)
