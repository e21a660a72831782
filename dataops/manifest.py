"""What a dbt manifest says, read once and handed on typed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ml.errors import UsageError
from ml.relation import Relation

# dbt gives models, seeds and snapshots one namespace: `ref()` finds each of them by name.
REFERABLE = frozenset({"model", "seed", "snapshot"})
_CALL = re.compile(r"""\bml_\w+\(\s*(?:model\s*=\s*)?(['"])(?P<name>.+?)\1""")


@dataclass(frozen=True)
class Exposure:
    """A dbt exposure of type ``ml``: the declaration of an ML model."""

    name: str
    file: str
    description: str
    owner: Mapping[str, Any]
    meta: Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """A parsed ``manifest.json``; ``raw`` is the document itself."""

    raw: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Read ``path``; a file that is no manifest is a :class:`UsageError`."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _broken(path, str(error)) from error
        for part in ("metadata", "nodes", "sources", "exposures"):
            if not isinstance(raw, dict) or part not in raw:
                raise _broken(path, f"it has no '{part}'")
        return cls(raw)

    @cached_property
    def relations(self) -> Mapping[str, Relation]:
        """Every model, seed and snapshot by the name ``ref()`` knows it by."""
        return {
            node["name"]: Relation(node["schema"], node["alias"])
            for node in self.raw["nodes"].values()
            if node["resource_type"] in REFERABLE
        }

    def above(self, name: str) -> set[str]:
        """Return dbt's ids of all that the model, seed or snapshot ``name`` is made from.

        Only what dbt knows: a prediction's source is made from nothing here.
        """
        nodes, found = self.raw["nodes"], set[str]()
        todo = [self._ids[name]] if name in self._ids else []
        while todo:
            node = nodes.get(todo.pop()) or {}
            read = (node.get("depends_on") or {}).get("nodes") or ()
            todo += [each for each in read if each not in found]
            found.update(read)
        return found

    @cached_property
    def _ids(self) -> Mapping[str, str]:
        nodes = self.raw["nodes"].items()
        return {node["name"]: id_ for id_, node in nodes if node["resource_type"] in REFERABLE}

    @cached_property
    def sources(self) -> list[Mapping[str, Any]]:
        """Every source table, in the order of source and table name."""
        return sorted(
            self.raw["sources"].values(), key=lambda node: (node["source_name"], node["name"])
        )

    @cached_property
    def exposures(self) -> list[Exposure]:
        """Every exposure of type ``ml``, by name."""
        found = [
            Exposure(
                name=node["name"],
                file=node["original_file_path"],
                description=node["description"],
                owner=node["owner"],
                meta=node["config"].get("meta") or node.get("meta") or {},
            )
            for node in self.raw["exposures"].values()
            if node["type"] == "ml"
        ]
        return sorted(found, key=lambda exposure: exposure.name)


def called_models(node: Mapping[str, Any]) -> set[str]:
    """Return the names in quotes by which the SQL of ``node`` asks ML models, unseen by dbt."""
    return {found["name"] for found in _CALL.finditer(str(node.get("raw_code") or ""))}


def learnt_from(node: Mapping[str, Any]) -> Relation | None:
    """Return the table that a model of materialization ``ml_model`` learns from; None of others."""
    if node.get("config", {}).get("materialized") != "ml_model":
        return None
    return Relation(node["schema"], f"{node['alias']}__training")


def trains(node: Mapping[str, Any] | None) -> bool:
    """Whether ``node`` of a manifest is a model of materialization ``ml_model``."""
    return node is not None and learnt_from(node) is not None


def _broken(path: Path, reason: str) -> UsageError:
    return UsageError(
        f"{path} is not a dbt manifest: {reason}", fix=f"delete {path}, then: goldloop run"
    )
