"""One dbt step of a run: what it builds, what it passes over, and what has become of each model."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg

from dataops.feedback.circles import Lagged, lagged
from orchestration.assets.translator import LayerTranslator
from orchestration.run.passing import table_of

TRANSLATOR = LayerTranslator()
UNIQUE_ID = "dagster_dbt/unique_id"


@dataclass
class SqlStep:
    """The models of a step in the order of the graph, its tests, and what is blocked.

    ``nodes`` and ``tests`` map dbt's unique ids to assets and checks, ``causes`` maps blocked
    tables (``schema.name``) to what blocks them; it grows as the step goes on. ``lagged`` are those
    of the models that read predictions as they stood before.
    """

    manifest: Mapping[str, Any]
    nodes: Mapping[str, dg.AssetKey]
    tests: Mapping[str, dg.AssetCheckKey]
    causes: dict[str, str] = field(default_factory=dict)
    lagged: Mapping[str, Lagged] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        context: dg.AssetExecutionContext,
        manifest: Mapping[str, Any],
        blocked: Mapping[str, str],
    ) -> "SqlStep":
        """Return the step that ``context`` selects; what reads from ``blocked`` is passed over."""
        assets = context.assets_def
        nodes = {
            (assets.get_asset_spec(key).metadata or {})[UNIQUE_ID]: key
            for key in context.selected_asset_keys
        }
        tests = {}
        for key in context.selected_asset_check_keys:
            metadata = assets.get_spec_for_check_key(key).metadata or {}
            if UNIQUE_ID in metadata:  # the others are contracts
                tests[metadata[UNIQUE_ID]] = key
        found = {each.id: each for each in lagged(manifest) if each.id in nodes}
        step = cls(manifest, _in_order(manifest, nodes), tests, dict(blocked), found)
        for unique_id, asset in step.nodes.items():
            if above := step.above(unique_id):
                step.causes[table_of(asset)] = step.causes[above]
        return step

    @property
    def selection(self) -> list[str]:
        """The names dbt knows what is left to build and to test by.

        What stands between predictions and a lagged model is built before it, and once more in its
        own step, which reads the predictions of this run.
        """
        built = [
            unique_id for unique_id, key in self.nodes.items() if table_of(key) not in self.causes
        ]
        doors = [door for each in built if each in self.lagged for door in self.lagged[each].doors]
        tested = [unique_id for unique_id in self.tests if not self.above(unique_id)]
        ids = {*built, *doors, *tested}
        return sorted(".".join(self.manifest["nodes"][each]["fqn"]) for each in ids)

    def above(self, unique_id: str) -> str | None:
        """Return a blocked table that the node reads, itself or through ephemeral models."""
        besides = self.lagged[unique_id].beside if unique_id in self.lagged else ()
        for parent in (*_parents(self.manifest, unique_id), *_tables(self.manifest, besides)):
            if parent in self.causes:
                return parent
        return None

    def settle(self, built: Iterable[str], failed: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
        """Yield each model, parents first, and whether it stands; what does not blocks others.

        ``built`` has what dbt made, ``failed`` the tables of which a check failed that blocks:
        such a table stands and is not built upon.
        """
        made = set(built)
        for unique_id, key in self.nodes.items():
            table = table_of(key)
            above = self.above(unique_id)
            if above:
                self.causes[table] = self.causes[above]
            elif unique_id not in made:
                self.causes[table] = f"{table} could not be built"
            elif table in failed:
                self.causes[table] = failed[table]
            yield unique_id, not above and unique_id in made


def _in_order(
    manifest: Mapping[str, Any], nodes: Mapping[str, dg.AssetKey]
) -> dict[str, dg.AssetKey]:
    graph = {
        unique_id: node.get("depends_on", {}).get("nodes", ())
        for unique_id, node in manifest["nodes"].items()
    }
    order = TopologicalSorter(graph).static_order()
    return {unique_id: nodes[unique_id] for unique_id in order if unique_id in nodes}


def _parents(manifest: Mapping[str, Any], unique_id: str) -> Iterator[str]:
    depends = manifest["nodes"][unique_id].get("depends_on", {})
    yield from _tables(manifest, depends.get("nodes", ()))


def _tables(manifest: Mapping[str, Any], ids: Iterable[str]) -> Iterator[str]:
    for parent in ids:
        node = manifest["nodes"].get(parent) or manifest["sources"].get(parent)
        if node is None:
            continue
        if node.get("config", {}).get("materialized") == "ephemeral":
            yield from _parents(manifest, parent)
        else:
            yield table_of(TRANSLATOR.get_asset_key(node))
