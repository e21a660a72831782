"""How a dbt node is named in the asset graph: ``[layer, name]``, the layer being its schema."""

import re
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings


class LayerTranslator(DagsterDbtTranslator):
    """Keys, groups and checks of the SQL half of the graph.

    A source's key is the relation it names, so that a landing table and a table of predictions
    carry the key of the asset that writes them, and the halves join into one graph.
    """

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return ``[schema, name]`` of the node as the warehouse knows it."""
        name = dbt_resource_props.get("identifier") or dbt_resource_props["alias"]
        return dg.AssetKey([dbt_resource_props["schema"], name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the layer the node stands in."""
        return group_of(dbt_resource_props["schema"])


def group_of(schema: str) -> str:
    """Return ``schema`` as a Dagster group name, which allows letters, digits and ``_`` only."""
    return re.sub(r"\W", "_", schema, flags=re.ASCII)
