"""The lineage of a whole project: its SQL, its ML models and who reads its tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from dataops.lineage.catalog import read_catalog
from dataops.lineage.compiled import compiled_models, relation_of, selected_of
from dataops.lineage.graph import Lineage
from dataops.lineage.kept import Kept
from dataops.lineage.learners import learners
from dataops.lineage.places import (
    ROWS,
    Catalog,
    Cell,
    Kind,
    Made,
    Parent,
    Place,
    columns_of,
    model_place,
)  # fmt: skip
from dataops.lineage.steps import Steps
from dataops.lineage.told import Learner, of_registry, told
from dataops.manifest import Manifest, called_models
from ml.spec import ModelSpec
from ml.tables import COLUMNS

EXPOSURE = "exposure"


@dataclass(frozen=True)
class Whole:
    """The steps of a project, its ML models, and the schemas of what it makes."""

    steps: Steps
    models: Sequence[Learner]

    @property
    def made(self) -> list[str]:
        """The relations whose columns the project makes: by SQL, or by an ML model."""
        return sorted({*self.steps.lineage.compiled, *(each.tells for each in self.models)})

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
    models = learners(conn, specs, manifest, catalog)
    given = dict[Place, Cell]()
    for table in COLUMNS:
        given |= of_registry(models, str(table), catalog)
    for each in models:
        given |= told(each, catalog)
    for source in manifest.sources:
        given |= _made_up(source, manifest, catalog)
    lineage = Lineage(compiled_models(manifest, targets), catalog, given, Kept.beside(targets))
    return Whole(Steps(lineage, _reads(manifest)), models)


def _made_up(source: Mapping[str, Any], manifest: Manifest, catalog: Catalog) -> dict[Place, Cell]:
    """Return the cells of a table of made-up rows: they are drawn by columns together."""
    config = source.get("config") or {}
    if "synthetic" not in {**(source.get("meta") or {}), **(config.get("meta") or {})}:
        return {}
    # It brings scikit-learn, which takes seconds to load.
    from ml.synthetic.declaration import parse_synthetic

    asked = parse_synthetic(source)
    imitated = manifest.relations.get(asked.declared.train.on) if asked else None
    if imitated is None:
        return {}
    relation, made_from = relation_of(source), str(imitated).lower()
    names = columns_of(catalog, made_from)
    read = tuple(Parent(Place(made_from, name), "", Kind.LEARNT) for name in names)
    rows = Parent(Place(made_from, ROWS), "", Kind.ROWS)
    found = {Place(relation, name): Cell(Made.ROWS, read) for name in columns_of(catalog, relation)}
    return {**found, Place(relation, ROWS): Cell(Made.ROWS, decided=(rows,))}


def _reads(manifest: Manifest) -> dict[str, list[str]]:
    """Return by relation those that dbt says it reads; exposures but for ML models are among."""
    raw = manifest.raw
    nodes = {**raw["nodes"], **raw["sources"]}
    found = {}
    for node in raw["nodes"].values():
        if node["resource_type"] in ("model", "snapshot"):
            asked = [model_place(name).relation for name in sorted(called_models(node))]
            found[selected_of(node)] = [*_relations(nodes, node), *asked]
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
