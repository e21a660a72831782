"""Columns made of what a model told of rows it may have learnt from."""

from collections.abc import Collection, Iterable

from dataops.lineage.graph import Lineage, told
from dataops.lineage.places import ML, VERSION, Place, is_registry
from ml.tables import PREDICTIONS_SCHEMA, SHADOW_SCHEMA, is_reason

_SCHEMAS = (PREDICTIONS_SCHEMA, SHADOW_SCHEMA)
_WORDS = frozenset({"prediction", "score"})


def heard(
    lineage: Lineage, relation: str, columns: Iterable[str], of: Collection[str] | None = None
) -> dict[str, str]:
    """Return which of ``columns`` of ``relation`` are made of a version's own word, with the way.

    That is ``prediction``, ``score`` and the reasons of any model's predictions, and what SQL has
    asked of a version: it tells the rows it has learnt from better than others. What
    ``score.as_feature`` adds is none. ``of`` are the only relations whose word counts, if given.
    """
    found = {}
    for column in columns:
        for way, _ in lineage.walk(Place(relation, column.lower())):
            if _is_word(way[-1]) and (of is None or way[-1].relation in of):
                found[column] = told(way)
                break
    return found


def _is_word(place: Place) -> bool:
    schema = place.relation.partition(".")[0]
    if schema == ML:
        return place.column == VERSION and not is_registry(place.relation)
    is_word = place.column in _WORDS or is_reason(place.column)
    return schema in _SCHEMAS and not place.scope and is_word
