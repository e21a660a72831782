"""Why a score is what it is, and why it moved since the run before."""

from ml.why.answer import Moved, Why
from ml.why.asking import Against, why
from ml.why.told import Told, find_told, run_of

__all__ = ["Against", "Moved", "Told", "Why", "find_told", "run_of", "why"]
