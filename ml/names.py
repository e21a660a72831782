"""Names allowed, the nearest to the name met first, so that a slip is seen at once."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from os.path import commonprefix

_SHOWN = 30


def nearest_first(met: str, allowed: Iterable[str]) -> list[str]:
    """Return ``allowed`` ordered by likeness to ``met`` (ties by a common start, then by name)."""

    def unlikeness(name: str) -> tuple[float, int, str]:
        ratio = SequenceMatcher(None, met.lower(), name.lower()).ratio()
        return -ratio, -len(commonprefix((met.lower(), name.lower()))), name

    return sorted(allowed, key=unlikeness)


def listed(met: str, allowed: Iterable[str]) -> str:
    """Return ``allowed`` as text for an error, nearest to ``met`` first; long lists are cut."""
    names = nearest_first(met, allowed)
    if not names:
        return "nothing"
    more = f", … ({len(names) - _SHOWN} more)" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
