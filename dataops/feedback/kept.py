"""Whether an SQL model that declares a lag keeps it, by its compiled SQL and that above it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataops.feedback.before import Bounds, bounds, is_vague
from dataops.feedback.circles import Lagged, closed
from dataops.lineage.compiled import relation_of
from dataops.lineage.graph import Lineage
from dataops.lineage.heard import heard
from dataops.lineage.places import ROWS, STAR, Place

# What bounds a prediction: its own day.
_TOLD: Bounds = {"as_of_date": False}


@dataclass(frozen=True)
class Broken:
    """Why a lag is not kept; ``is_sure`` where it is not only that the SQL cannot be read."""

    lagged: Lagged
    problem: str
    fix: str
    is_sure: bool = True


def broken(raw: Mapping[str, Any], lineage: Lineage, each: Lagged) -> Broken | None:
    """Return why the SQL of a lagged model does not keep its lag, None where it does.

    ``lineage`` has the compiled SQL of the project. Without its catalog no types are known: then a
    timestamp counts as a date.
    """
    nodes = {**raw["nodes"], **raw["sources"]}
    sources = [relation_of(nodes[id_]) for id_ in each.sources]
    told: dict[str, Bounds] = dict.fromkeys(sources, _TOLD)
    try:
        for id_ in [*_in_order(raw, each), each.id]:
            told[relation_of(nodes[id_])] = _bounds(lineage, relation_of(nodes[id_]), told)
    except ValueError as error:
        return Broken(each, str(error), "write it so that it can be read", is_sure=False)
    relation = relation_of(nodes[each.id])
    is_strict = told[relation].get(each.lag.lower())
    if not is_strict:
        read = [lineage.compiled[name] or "" for name in told if name not in sources]
        is_sure = bool(lineage.catalog) or not any(map(is_vague, read))
        return _unbound(each, sources, is_strict, is_sure)
    lineage.cell(Place(relation, ROWS))
    columns = sorted(lineage.names(relation, "") - {ROWS, STAR})
    words = heard(lineage, relation, columns, of=sources)
    return _own_word(each, words) if words else None


def _bounds(lineage: Lineage, relation: str, told: Mapping[str, Bounds]) -> Bounds:
    """Return the bounds of ``relation``; none where it asks a model and reads no predictions."""
    sql = lineage.compiled.get(relation)
    if sql is None:
        raise ValueError(f"{relation} has no compiled SQL")
    try:
        return bounds(sql, told, lineage.catalog) or {}
    except ValueError as error:
        raise ValueError(f"{relation}: {error}") from error


def _in_order(raw: Mapping[str, Any], each: Lagged) -> Sequence[str]:
    """Return the doors of a lagged model, each after what it reads."""
    above, found = closed(raw), dict[str, None]()

    def add(id_: str) -> None:
        for read in above[id_]:
            if read in raw["nodes"] and read != each.id and read not in found:
                add(read)
        if id_ in each.doors:
            found[id_] = None

    for door in each.doors:
        if door not in found:
            add(door)
    return [*found]


def _unbound(each: Lagged, sources: Sequence[str], is_strict: bool | None, is_sure: bool) -> Broken:
    read, lag = " and ".join(sources), each.lag
    line = f"`and <predictions>.as_of_date < <rows>.{lag}`"
    if is_strict is None:
        problem = f"nothing in its SQL holds the as_of_date of {read} before its column '{lag}'"
    else:
        problem = f"it reads of {read} what is told of the very day of its column '{lag}', too"
    return Broken(
        each, problem,
        f"add to the join that reads it, or to its where: {line}; of a timestamp: "
        f"cast(<rows>.{lag} as date)", is_sure,
    )  # fmt: skip


def _own_word(each: Lagged, words: Mapping[str, str]) -> Broken:
    column, way = next(iter(words.items()))
    return Broken(
        each,
        f"its column '{column}' is a version's own word ({way}), which may have learnt from this "
        "very row or a later one",
        "read feature_score or feature_prediction, which score.as_feature adds "
        "(docs/features.md#predictions-as-features)",
    )
