"""What ``score.as_feature`` demands of the rest of a declaration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ml.tables import FEATURE_COLUMNS

if TYPE_CHECKING:
    from ml.spec import Declaration


def as_feature_rules(declared: Declaration) -> Iterator[str]:
    """Yield one line for each of these rules that ``declared`` breaks."""
    if declared.score.as_feature is None:
        return
    by = declared.train.split.by
    if by != "time":
        yield (
            f"score.as_feature is declared, but train.split.by is '{by}', which does not say what "
            "is later than a row; allowed: by: time"
        )
    if declared.tune is not None:
        yield (
            "score.as_feature is declared beside tune, which finds parameters by rows that are "
            "later than some of those told; allowed: one of them, with the parameters found "
            "written into estimator.params"
        )
    for name in declared.score.key:
        if name.lower() in FEATURE_COLUMNS:
            yield (
                f"score.key names '{name}', a column that score.as_feature adds; allowed: any "
                f"name but {', '.join(FEATURE_COLUMNS)}"
            )
