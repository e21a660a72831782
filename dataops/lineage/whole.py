"""The lineage of a whole project: its SQL, its ML models and who reads its tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from duckdb import DuckDBPyConnection

from dataops.lineage.catalog import read_catalog
from dataops.lineage.compiled import compiled_models, relation_of
from dataops.lineage.graph import Lineage
from dataops.lineage.places import Place
from dataops.lineage.steps import Steps
from dataops.lineage.told import Learner, learners, told
from dataops.manifest import Manifest
from ml.spec import ModelSpec

EXPOSURE = "exposure"


@dataclass(frozen=True)
class Whole:
    """The steps of a project, its ML models, and the schemas of what it makes."""

    steps: Steps
    models: Sequence[Learner]

    @property
    def made(self) -> list[str]:
        """The relations whose columns the project makes: by SQL, or by an ML model."""
        told_by = [each.predictions for each in self.models]
        return sorted({*self.steps.lineage.compiled, *told_by})

    def unresolved(self) -> dict[Place, str | None]:
        """Return each column that the project makes, with why it is not resolved or None."""
        places = [
            Place(relation, column)
            for relation in self.made
            for column in self.steps.columns(relation)
        ]
        return {place: self.steps.unresolved(place) for place in places}


def whole(
    conn: DuckDBPyConnection,
    manifest: Manifest,
    targets: Sequence[Path],
    specs: Sequence[ModelSpec],
) -> Whole:
    """Return the lineage of the project of ``manifest`` as the warehouse of ``conn`` has it."""
    catalog = read_catalog(conn)
    models = learners(conn, specs, manifest.relations, catalog)
    given = {
        place: cell
        for each in models
        for place, cell in told(each, [*_columns(catalog, each.predictions)]).items()
    }
    lineage = Lineage(compiled_models(manifest, targets), catalog, given)
    return Whole(Steps(lineage, _reads(manifest)), models)


def _columns(catalog: Mapping[str, Mapping[str, Mapping[str, str]]], relation: str) -> list[str]:
    schema, _, name = relation.partition(".")
    return [*catalog.get(schema, {}).get(name, {})]


def _reads(manifest: Manifest) -> dict[str, list[str]]:
    """Return by relation those that dbt says it reads; exposures but for ML models are among."""
    raw = manifest.raw
    nodes = {**raw["nodes"], **raw["sources"]}
    found = {}
    for node in raw["nodes"].values():
        if node["resource_type"] in ("model", "snapshot"):
            found[relation_of(node)] = _relations(nodes, node)
    for node in raw["exposures"].values():
        if node["type"] != "ml":
            found[f"{EXPOSURE}.{node['name']}".lower()] = _relations(nodes, node)
    return found


def _relations(nodes: Mapping[str, Mapping[str, object]], node: Mapping[str, object]) -> list[str]:
    """Return the relations that ``node`` reads; an ephemeral model is what it reads itself."""
    depends: object = node.get("depends_on") or {}
    read = depends.get("nodes") or () if isinstance(depends, Mapping) else ()
    found: dict[str, None] = {}
    for each in read:
        above = nodes.get(each)
        config = above.get("config") if above else None
        if above and isinstance(config, Mapping) and config.get("materialized") == "ephemeral":
            found |= dict.fromkeys(_relations(nodes, above))
        elif above:
            found[relation_of(above)] = None
    return [*found]
