"""What dbt does not say of a name it cannot find: the names it could have been."""

import re
from collections.abc import Iterable

from ml.names import nearest_first

_UNKNOWN = re.compile(r"depends on a node named '([^']+)'")
_SHOWN = 5


def nearest_told(said: str, names: Iterable[str]) -> str:
    """Return a line with the ``names`` nearest to the model that dbt ``said`` it cannot find.

    Empty when dbt complains of something else.
    """
    found = _UNKNOWN.search(said)
    if not found:
        return ""
    return f"\nnearest to '{found[1]}': {', '.join(nearest_first(found[1], set(names))[:_SHOWN])}"
