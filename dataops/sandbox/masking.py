"""Personal data: which columns a project marks with ``pii``, and what a sandbox shows instead."""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Any

from dataops.manifest import Manifest, learnt_from
from dataops.sandbox.graph import parents
from ml.relation import Relation, quote

PII = "pii"
TIMES = ("DATE", "TIMESTAMP")


def personal_columns(*manifests: Manifest) -> dict[Relation, frozenset[str]]:
    """Return the masked columns of each relation, as any of ``manifests`` marks them.

    A column is marked by ``meta: {pii: true}`` (in its ``config`` or beside it) or by the tag
    ``pii``. The mark goes down the graph with the column's name, into the predictions of ML models
    too; ``pii: false`` ends it.
    """
    found: dict[Relation, frozenset[str]] = {}
    for manifest in manifests:
        for relation, names in _of(manifest.raw).items():
            found[relation] = found.get(relation, frozenset()) | names
    return {relation: names for relation, names in found.items() if names}


def masked_sql(column: str, type_: str, salt: str) -> str:
    """Return the SQL that stands for the personal ``column`` of ``type_``.

    Text becomes a short salted hash (equal values stay equal, nulls stay null), a time the start of
    its year, all else null. What was masked before stays as it is.
    """
    name = quote(column)
    if type_ == "VARCHAR":
        hashed = f"'pii_' || left(md5('{salt}' || {name}), 12)"
        is_hashed = f"regexp_full_match({name}, 'pii_[0-9a-f]{{12}}', 'i')"
        return f"case when {is_hashed} then {name} else {hashed} end"
    if type_.startswith(TIMES) and not type_.endswith("]"):
        return f"cast(date_trunc('year', {name}) as {type_})"
    return f"cast(null as {type_})"


def _of(raw: Mapping[str, Any]) -> dict[Relation, frozenset[str]]:
    above = parents(raw)
    names: dict[str, frozenset[str]] = {}
    relations = {}
    for id_ in TopologicalSorter(above).static_order():
        node = raw["nodes"].get(id_) or raw["sources"].get(id_) or {}
        marks = dict(_marks(node.get("columns", {}).values()))
        inherited = frozenset().union(*(names.get(each, frozenset()) for each in above[id_]))
        kept = {name for name in inherited if marks.get(name) is not False}
        names[id_] = frozenset(kept | {name for name, is_marked in marks.items() if is_marked})
        if "schema" in node:
            name = node.get("alias") or node.get("identifier") or node["name"]
            relations[Relation(node["schema"], name)] = names[id_]
            training = learnt_from(node)
            if training is not None:
                relations[training] = names[id_]
    return relations


def _marks(columns: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, bool]]:
    """Yield each column that says whether it is personal."""
    for column in columns:
        config = column.get("config") or {}
        meta = {**(column.get("meta") or {}), **(config.get("meta") or {})}
        tags = [*(column.get("tags") or []), *(config.get("tags") or [])]
        if PII in meta:
            yield column["name"], bool(meta[PII])
        elif PII in tags:
            yield column["name"], True
