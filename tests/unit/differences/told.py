"""What the tests of the differences share."""

from collections.abc import Callable

from dataops.differences import Difference, TableDifference
from ml.relation import Relation

T = Relation("gold", "t")
Compared = Callable[..., Difference]


def table(difference: Difference) -> TableDifference:
    """Return the one table that differs."""
    (found,) = difference.tables
    return found
