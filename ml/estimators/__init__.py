"""What a declaration says is fitted, as scikit-learn estimators: built, checked, fitted, asked."""

from ml.estimators.build import build, most_categories, reads
from ml.estimators.checks import check_params
from ml.estimators.fitting import fit
from ml.estimators.telling import tell

__all__ = ["build", "check_params", "fit", "most_categories", "reads", "tell"]
