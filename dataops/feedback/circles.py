"""The graph of SQL and ML models, the circles in it, and where a lag in time cuts them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from dataops.feedback.declaration import declared_lag
from dataops.manifest import REFERABLE, called_models
from ml.tables import PREDICTIONS_SCHEMA

ML = "ml"
Parents = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Lagged:
    """An SQL model in a circle that reads predictions of days before ``lag``, its own column.

    ``reads`` are what it reads in the circle: predictions, and models made of them, which it finds
    as they stood before. ``doors`` are all models from the predictions to it, ``sources`` the
    predictions themselves; ``beside`` is what the doors read besides. All are dbt's ids.
    """

    id: str
    lag: str
    reads: tuple[str, ...]
    doors: tuple[str, ...]
    sources: tuple[str, ...]
    beside: tuple[str, ...]


def closed(raw: Mapping[str, Any]) -> Parents:
    """Return what each node of a manifest reads.

    The source of a prediction reads the ML model that tells it, an ML model what it learns from and
    scores, and SQL that asks a model by its name that model.
    """
    by_name = {
        node["name"]: id_
        for id_, node in raw["nodes"].items()
        if node["resource_type"] in REFERABLE
    }
    models = {node["name"]: id_ for id_, node in raw["exposures"].items() if node["type"] == ML}
    trained = {
        name: id_
        for name, id_ in by_name.items()
        if (raw["nodes"][id_].get("config") or {}).get("materialized") == "ml_model"
    }
    found: dict[str, Sequence[str]] = {}
    for part in ("nodes", "unit_tests"):
        for id_, node in raw.get(part, {}).items():
            asked = [{**trained, **models}.get(name) for name in sorted(called_models(node))]
            found[id_] = [*_depends_on(node), *(each for each in asked if each)]
    for id_, node in raw["exposures"].items():
        found[id_] = _learnt_and_scored(node, by_name) or _depends_on(node)
    for id_, source in raw["sources"].items():
        teller = models.get(source["identifier"])
        is_told = teller is not None and source["schema"] == PREDICTIONS_SCHEMA
        found[id_] = [teller] if is_told and teller else []
    return {
        id_: tuple(dict.fromkeys(each for each in above if each in found))
        for id_, above in found.items()
    }


def parents(raw: Mapping[str, Any]) -> Parents:
    """Return what each node reads that has to be there before it.

    What a lagged model reads in its circle is as it stood before, but for an ML model that it asks
    by its name: that tells today's word. A circle that no lag cuts is left.
    """
    above = closed(raw)
    cut = {
        each.id: set(_depends_on(raw["nodes"][each.id])) & _circle(above, each.id)
        for each in _lagged(raw, above)
    }
    return {
        id_: tuple(each for each in read if each not in cut.get(id_, ()))
        for id_, read in above.items()
    }


def lagged(raw: Mapping[str, Any]) -> list[Lagged]:
    """Return the models that declare a lag and stand in a circle, by id.

    Raises UsageError for one that is declared wrongly.
    """
    return [*_lagged(raw, closed(raw))]


def find_circle(raw: Mapping[str, Any]) -> list[str]:
    """Return the ids of a circle that no lag cuts, each read by the next; none where there is none.

    The last is the first.
    """
    try:
        TopologicalSorter(parents(raw)).prepare()
    except CycleError as error:
        return [*error.args[1]]
    return []


def circle_of(raw: Mapping[str, Any], model: str) -> set[str]:
    """Return the ids of all that stands in a circle with the ML model ``model``; none without."""
    named = [
        id_
        for id_, node in raw["exposures"].items()
        if node["type"] == ML and node["name"] == model
    ]
    return _circle(closed(raw), named[0]) if named else set()


def spelled(raw: Mapping[str, Any], id_: str) -> str:
    """Return what people call a node, ``layer/name``."""
    if id_ in raw["exposures"]:
        return f"{ML}/{raw['exposures'][id_]['name']}"
    node = raw["nodes"].get(id_) or raw["sources"][id_]
    return f"{node['schema']}/{node.get('alias') or node['identifier']}"


def _lagged(raw: Mapping[str, Any], above: Parents) -> Iterator[Lagged]:
    for id_, node in sorted(raw["nodes"].items()):
        lag = declared_lag(node) if node["resource_type"] in REFERABLE else None
        circle = _circle(above, id_) if lag is not None else set()
        if lag is not None and circle:
            yield _cut(raw, above, id_, lag, circle)


def _cut(
    raw: Mapping[str, Any], above: Parents, id_: str, lag: str, circle: Collection[str]
) -> Lagged:
    """Walk from a lagged model up to the predictions that it reads."""
    doors, sources, beside = dict[str, None](), dict[str, None](), dict[str, None]()
    left = [each for each in _depends_on(raw["nodes"][id_]) if each in circle]
    for each in left:
        if each in raw["sources"]:
            sources[each] = None
        elif each in raw["nodes"] and each not in doors:
            doors[each] = None
            left += [read for read in above[each] if read in circle and read != id_]
            beside |= dict.fromkeys(read for read in above[each] if read not in circle)
    reads = tuple(_built(raw, above, id_, circle))
    solid = [each for each in doors if not _is_ephemeral(raw, each)]
    return Lagged(id_, lag, reads, tuple(solid), tuple(sources), tuple(_solid(raw, above, beside)))


def _built(
    raw: Mapping[str, Any], above: Parents, id_: str, circle: Collection[str]
) -> Iterator[str]:
    """Yield what ``id_`` reads in the circle, itself or through ephemeral models."""
    for each in above[id_]:
        if each in circle and _is_ephemeral(raw, each):
            yield from _built(raw, above, each, circle)
        elif each in circle:
            yield each


def _solid(raw: Mapping[str, Any], above: Parents, ids: Collection[str]) -> Iterator[str]:
    """Yield ``ids``, for an ephemeral one what it is made from."""
    for each in ids:
        if _is_ephemeral(raw, each):
            yield from _solid(raw, above, above[each])
        else:
            yield each


def _circle(above: Parents, id_: str) -> set[str]:
    """Return all that stands above and below ``id_``, itself among it; none where nothing does."""
    below: dict[str, list[str]] = {}
    for child, read in above.items():
        for each in read:
            below.setdefault(each, []).append(child)
    return _reached(above, id_) & _reached(below, id_)


def _reached(graph: Mapping[str, Sequence[str]], id_: str) -> set[str]:
    found, left = set[str](), [*graph.get(id_, ())]
    while left:
        each = left.pop()
        if each not in found:
            found.add(each)
            left += graph.get(each, ())
    return found


def _learnt_and_scored(node: Mapping[str, Any], by_name: Mapping[str, str]) -> list[str]:
    """Return what an ML model reads by its declaration; nothing where that is not to be found."""
    meta = (node.get("config") or {}).get("meta") or {}
    declared = meta.get(ML)
    if node["type"] != ML or not isinstance(declared, Mapping):
        return []
    parts = [declared.get("train"), declared.get("score")]
    # YAML 1.1 takes the bare word `on` for the truth value; JSON has that as a word again.
    names = [
        part[key]
        for part in parts
        if isinstance(part, Mapping)
        for key in ("on", "true", True)
        if key in part
    ]
    return [by_name[name] for name in names if isinstance(name, str) and name in by_name]


def _is_ephemeral(raw: Mapping[str, Any], id_: str) -> bool:
    node = raw["nodes"].get(id_) or {}
    return (node.get("config") or {}).get("materialized") == "ephemeral"


def _depends_on(node: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple((node.get("depends_on") or {}).get("nodes") or ())
