"""Scoring in machine code: trees bit for bit as scikit-learn tells, linear models as one sum."""

from ml.compiled.column import Values
from ml.compiled.compile import Compiled, compiled

__all__ = ["Compiled", "Values", "compiled"]
