"""Where a feature view is joined by a macro, which cuts it at the time of each row."""

from dataops.lineage.graph import Lineage
from dataops.lineage.places import Place

# What the macros select of each view beside its features, and nobody else.
_OWN = frozenset({"_key_1", "_event_time", "_known_time"})


def is_macros(lineage: Lineage, place: Place) -> bool:
    """Whether ``place`` is in a CTE of the macro's own, by the columns it gives them."""
    return bool(place.scope) and lineage.names(place.relation, place.scope) >= _OWN
