"""How a lagged model is built in a run: on what stood before it, in the first one on nothing."""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from duckdb import DuckDBPyConnection

from dataops.feedback.circles import Lagged
from ml.relation import Relation
from ml.tables import add_columns, create_table
from orchestration.assets.feedback import told_columns
from orchestration.assets.sql_step import TRANSLATOR, UNIQUE_ID


def on_what_stood(
    spec: dg.AssetSpec, raw: Mapping[str, Any], found: Mapping[str, Lagged]
) -> dg.AssetSpec:
    """Return ``spec``, which waits for no prediction that waits for it.

    It waits for what the models between it and the predictions read besides: they are built anew
    right before it, over the predictions that are there.
    """
    lagged = found.get(spec.metadata.get(UNIQUE_ID, ""))
    if lagged is None:
        return spec
    cut = set(_keys(raw, lagged.reads))
    kept = [dep for dep in spec.deps if dep.asset_key not in cut]
    there = {dep.asset_key for dep in kept}
    more = [dg.AssetDep(key) for key in _keys(raw, lagged.beside) if key not in there]
    return spec.replace_attributes(deps=[*kept, *more])


def make_empty(
    connection: DuckDBPyConnection, raw: Mapping[str, Any], lagged: Iterable[Lagged]
) -> None:
    """Make the tables of predictions that nobody has told yet, and the columns newly declared."""
    for id_ in dict.fromkeys(id_ for each in lagged for id_ in each.sources):
        source = raw["sources"][id_]
        relation = Relation(source["schema"], source["identifier"])
        create_table(connection, relation, told_columns(source))
        add_columns(connection, relation, told_columns(source))


def _keys(raw: Mapping[str, Any], ids: Iterable[str]) -> list[dg.AssetKey]:
    nodes = {**raw["nodes"], **raw["sources"]}
    return [TRANSLATOR.get_asset_key(nodes[id_]) for id_ in ids]
