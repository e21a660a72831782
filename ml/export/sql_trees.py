"""One tree as one CASE."""

import math
from collections.abc import Sequence

from ml.anatomy import Tree
from ml.export.literals import number


def tree_sql(tree: Tree, output: int, columns: Sequence[str], at: int = 0) -> str:
    """Return what ``tree`` adds to its output ``output``, from node ``at`` on.

    A null falls into ELSE, so the condition names the way that missing values do not go.
    """
    if tree.feature[at] < 0:
        return number(tree.value[at, output])
    left = tree_sql(tree, output, columns, int(tree.left[at]))
    right = tree_sql(tree, output, columns, int(tree.right[at]))
    missing_left = bool(tree.missing_left[at])
    other, same = (right, left) if missing_left else (left, right)
    condition = _condition(tree, at, columns[tree.feature[at]], missing_left)
    return same if condition is None else f"case when {condition} then {other} else {same} end"


def _condition(tree: Tree, at: int, column: str, missing_left: bool) -> str | None:
    """Return what holds of values that go the other way than missing ones; None: of no value."""
    if at in tree.codes:
        codes = ", ".join(map(str, tree.codes[at]))
        return f"{column} in ({codes})" if codes else None
    threshold = float(tree.threshold[at])
    if math.isinf(threshold):
        return None if (threshold > 0) == missing_left else f"{column} is not null"
    return f"{column} {'>' if missing_left else '<='} {number(threshold)}"
