"""The answer: what made the score now, and what moved it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ml.explain.explanation import Space
from ml.why.told import Told

Cause = Literal["data", "feature code", "feature code or data", "data or feature code"]


@dataclass(frozen=True)
class Moved:
    """One feature (a word, of a text): its values, what it adds now, how much that moved.

    ``moved`` is the change of its effect under the version now; None without a score before.
    """

    feature: str
    before: Any
    now: Any
    effect: float
    moved: float | None = None


@dataclass(frozen=True)
class Parts:
    """What the model, and what the values of the features, moved; on one scale."""

    before: float
    model: float
    data: float
    now: float


@dataclass(frozen=True)
class Why:
    """What made a score, and what moved it since ``before``.

    ``features`` are ordered by how much they moved the score, or else by what they add.
    ``margin`` and ``score`` split the movement; on the margin, before + model + data = now, and
    the features' ``moved`` add up to ``data``. ``changed_code`` has the dbt nodes whose code
    differs between the two scorings (None: it was not recorded), ``changed_inputs`` the tables
    they read that differ (None: that cannot be told). ``lacking`` are features the row before had
    no column for.
    """

    now: Told
    before: Told | None
    explained: str | None
    space: Space | None
    base: float | None
    features: Sequence[Moved]
    score: Parts | None
    margin: Parts | None
    changed_code: Sequence[str] | None = None
    changed_inputs: Sequence[str] | None = None
    lacking: Sequence[str] = ()

    @property
    def retrained(self) -> bool:
        """Whether another version told the score now."""
        return self.before is not None and (
            self.before.version.fingerprint != self.now.version.fingerprint
        )

    @property
    def cause(self) -> Cause:
        """Why the values of features are others than before."""
        if self.changed_code is None:
            return "data or feature code"
        if not self.changed_code:
            return "data"
        return "feature code" if self.changed_inputs == [] else "feature code or data"
