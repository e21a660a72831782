"""Personal data: which columns a project marks with ``pii``, and what a sandbox shows instead."""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Any

from dataops.feedback.circles import closed, parents
from dataops.manifest import Manifest, learnt_from
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
    above, order = closed(raw), [*TopologicalSorter(parents(raw)).static_order()]
    names: dict[str, frozenset[str]] = {}
    before: dict[str, frozenset[str]] | None = None
    while names != before:
        # Where feedback makes a circle the marks go round until they change no more.
        before = dict(names)
        for id_ in order:
            inherited = frozenset().union(*(names.get(each, frozenset()) for each in above[id_]))
            marks = dict(_marks(_node(raw, id_).get("columns", {}).values()))
            kept = {name for name in inherited if marks.get(name) is not False}
            names[id_] = frozenset(kept | {name for name, is_marked in marks.items() if is_marked})
    relations = {}
    for id_, found in names.items():
        node = _node(raw, id_)
        if "schema" in node:
            name = node.get("alias") or node.get("identifier") or node["name"]
            relations[Relation(node["schema"], name)] = found
            training = learnt_from(node)
            if training is not None:
                relations[training] = found
    return relations


def _node(raw: Mapping[str, Any], id_: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = raw["nodes"].get(id_) or raw["sources"].get(id_) or {}
    return found


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
