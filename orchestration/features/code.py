"""The code that makes a table, hashed node by node, as the dbt manifest has it."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from dataops.manifest import REFERABLE, Manifest
from ml.relation import Relation

# Macros that come with dbt; they change with its version, not with the project's code.
_DBT = frozenset(("dbt", "dbt_duckdb"))


def manifest_hash(manifest: Manifest) -> str:
    """Return the hash of what dbt would build: of each node's code, macros included."""
    nodes = manifest.raw["nodes"]
    return _hash(*(f"{name} {_code(manifest.raw, nodes[name])}" for name in sorted(nodes)))


def feature_code(manifest: Manifest, name: str) -> Mapping[str, str]:
    """Return the hash of the code of model ``name`` and of each node above it, by dbt's id."""
    nodes = manifest.raw["nodes"]
    return {
        each: _code(manifest.raw, nodes[each])
        for each in sorted(_made_from(manifest, name))
        if each in nodes
    }


def feature_inputs(manifest: Manifest, name: str) -> Mapping[str, Relation]:
    """Return the sources and seeds that model ``name`` is made from, by dbt's id."""
    found = {}
    for each in sorted(_made_from(manifest, name)):
        node = manifest.raw["sources"].get(each) or manifest.raw["nodes"].get(each)
        if node and node["resource_type"] in ("source", "seed"):
            found[each] = Relation(node["schema"], node.get("identifier") or node["alias"])
    return found


def _made_from(manifest: Manifest, name: str) -> set[str]:
    """Return the id of model ``name`` and of all it is made from."""
    nodes = manifest.raw["nodes"].items()
    own = {
        id_ for id_, node in nodes if node["name"] == name and node["resource_type"] in REFERABLE
    }
    return own | manifest.above(name)


def _code(raw: Mapping[str, Any], node: Mapping[str, Any]) -> str:
    """Return the hash of a node's file and of the project's macros it uses."""
    checksum = str((node.get("checksum") or {}).get("checksum"))
    return _hash(checksum, *_macros(raw.get("macros", {}), node))


def _macros(macros: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[str]:
    todo, seen = list(node.get("depends_on", {}).get("macros", ())), set()
    while todo:
        each = todo.pop()
        macro = macros.get(each)
        if each not in seen and macro and macro["package_name"] not in _DBT:
            seen.add(each)
            todo.extend(macro.get("depends_on", {}).get("macros", ()))
    yield from (f"{each} {macros[each]['macro_sql']}" for each in sorted(seen))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
