"""Column lineage as Dagster shows it: which columns of other assets each column is made of."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from duckdb import DuckDBPyConnection

from dataops.lineage.compiled import relation_of
from dataops.lineage.places import DECLARED, ML, ROWS, Place
from dataops.lineage.whole import whole
from dataops.manifest import REFERABLE, Manifest
from ml.tables import PREDICTIONS_SCHEMA
from orchestration.assets.sql_step import TRANSLATOR
from orchestration.declared import declared_by_sql, declared_in
from orchestration.project import Project
from orchestration.run.passing import table_of

# What lineage has columns for and no table: which rows there are, what the declaration says.
_NO_COLUMNS = frozenset({ROWS, DECLARED})
LINEAGE, SCHEMA = "dagster/column_lineage", "dagster/column_schema"
# Dagster+ alone draws what stands as LINEAGE; this table of the same is what others read.
TABLE = "column_lineage"
# The column that stands, in the view of an ML model that SQL trains, for all that is kept of it.
KEPT = "metrics"


class ColumnLineage:
    """The lineage of a project's assets, as the warehouse of a connection has them now.

    The SQL of those asked for is resolved, unless it was before. dagster-dbt would load dbt into
    this process, parse each statement once for each of its columns, and pass over ML models.
    """

    def __init__(self, project: Project, connection: DuckDBPyConnection) -> None:
        manifest = project.manifest
        specs = [*declared_in(project, manifest), *declared_by_sql(project, manifest)]
        self._whole = whole(connection, manifest, [project.target], specs)
        self._assets, self._columns = _assets(manifest), dict[Place, str]()
        for each in self._whole.models:
            if each.view:
                # An ML model that SQL trains is the asset of its dbt model.
                self._assets[each.place.relation] = self._assets[each.view]
                self._columns[each.record] = KEPT
            else:
                for schema, relation in (
                    (ML, each.place.relation),
                    (PREDICTIONS_SCHEMA, each.tells),
                ):
                    self._assets[relation] = dg.AssetKey([schema, each.spec.name])
        self._described = _described(manifest)

    def of(self, key: dg.AssetKey) -> dict[str, Any]:
        """Return as metadata the columns of asset ``key`` and what each is made of."""
        relation = table_of(key).lower()
        columns = [each for each in self._whole.steps.columns(relation) if each not in _NO_COLUMNS]
        deps = {name: [*self._deps(key, Place(relation, name))] for name in columns}
        schema, _, name = relation.partition(".")
        types = self._whole.steps.lineage.catalog.get(schema, {}).get(name, {})
        told = self._described.get(relation, {})
        return {
            SCHEMA: dg.TableSchema(
                [dg.TableColumn(each, types.get(each, "string"), told.get(each))
                 for each in columns]
            ),
            LINEAGE: dg.TableColumnLineage({name: each for name, each in deps.items() if each}),
            TABLE: dg.MetadataValue.table(
                [dg.TableRecord({"column": name, "comes_from": _listed(each)})
                 for name, each in deps.items()],
                dg.TableSchema([dg.TableColumn("column"), dg.TableColumn("comes_from")]),
            ),
        }  # fmt: skip

    def _deps(self, key: dg.AssetKey, start: Place) -> Iterator[dg.TableColumnDep]:
        """Yield the columns of other assets; what is no asset is gone through."""
        met, left = {start}, [start]
        for here in left:
            for step in self._whole.steps.up(here):
                there = step.parent
                if not step.is_value or there in met:
                    continue
                met.add(there)
                asset = self._assets.get(there.relation)
                if asset is None or asset == key:
                    left.append(there)
                elif there.column not in _NO_COLUMNS:
                    yield dg.TableColumnDep(asset, self._columns.get(there, there.column))


def _listed(deps: Sequence[dg.TableColumnDep]) -> str:
    """Return ``deps`` as text, the columns of an asset after its name."""
    columns: dict[str, list[str]] = {}
    for each in deps:
        columns.setdefault(each.asset_key.to_user_string(), []).append(each.column_name)
    return "; ".join(f"{asset}: {', '.join(names)}" for asset, names in columns.items())


def _assets(manifest: Manifest) -> dict[str, dg.AssetKey]:
    """Return the assets of what dbt makes and reads, by relation."""
    raw = manifest.raw
    nodes = [node for node in raw["nodes"].values() if node["resource_type"] in REFERABLE]
    return {
        relation_of(node): TRANSLATOR.get_asset_key(node)
        for node in (*nodes, *raw["sources"].values())
        if node["config"].get("materialized") != "ephemeral"
    }


def _described(manifest: Manifest) -> dict[str, dict[str, str]]:
    nodes = (*manifest.raw["nodes"].values(), *manifest.raw["sources"].values())
    return {
        relation_of(node): {
            name.lower(): column["description"]
            for name, column in node["columns"].items()
            if column.get("description")
        }
        for node in nodes
        if node.get("columns")
    }
