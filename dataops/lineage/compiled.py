"""The compiled SQL of a project's models, from the manifest or from the files dbt leaves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dataops.manifest import Manifest, learnt_from

COMPILED = "compiled"
_TRACED = frozenset({"model", "snapshot"})


def compiled_models(manifest: Manifest, targets: Sequence[Path]) -> dict[str, str | None]:
    """Return the SELECT of each model and snapshot by its relation, ``schema.name`` in lower case.

    ``targets`` are dbt's target folders, the first that has a file wins; dbt writes the SQL into a
    manifest only of the models it has just compiled. It is None where there is none: a model never
    compiled, or one in Python.
    """
    return {
        selected_of(node): _compiled(node, targets)
        for node in manifest.raw["nodes"].values()
        if node["resource_type"] in _TRACED and node["config"].get("materialized") != "ephemeral"
    }


def relation_of(node: Mapping[str, Any]) -> str:
    """Return the relation that ``node`` makes, as lineage names it."""
    return f"{node['schema']}.{node.get('alias') or node['identifier']}".lower()


def selected_of(node: Mapping[str, Any]) -> str:
    """Return the relation that has the columns of the select of ``node``."""
    learnt = learnt_from(node)
    return relation_of(node) if learnt is None else str(learnt).lower()


def _compiled(node: Mapping[str, Any], targets: Sequence[Path]) -> str | None:
    if node.get("language") == "python":
        return None
    for target in targets:
        path = target / COMPILED / str(node["package_name"]) / str(node["original_file_path"])
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return str(node["compiled_code"]) if node.get("compiled_code") else None
