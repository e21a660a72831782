"""What made a score: for each row what each feature (each word, of a text) added to it."""

from ml.explain.explainer import Explainer, explain
from ml.explain.explanation import Explanation
from ml.explain.reasons import reasons

__all__ = ["Explainer", "Explanation", "explain", "reasons"]
