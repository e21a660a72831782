"""How a run tells the plugin that dbt works for it, and which of its models are trained by SQL."""

from collections.abc import Mapping
from typing import Any

from dataops.manifest import Manifest

# The run that dbt works for, where it is not a run of its own.
RUN = "GOLDLOOP_RUN"
# Whether it only tries that everything can be built: what is trained tells however good it is.
SMOKE = "GOLDLOOP_SMOKE"
# Whether a version that misses its criteria is an error though a champion stands behind it.
STRICT = "GOLDLOOP_STRICT"


def trains(node: Mapping[str, Any] | None) -> bool:
    """Whether ``node`` of a dbt manifest is a model of materialization ``ml_model``."""
    return bool(node) and node["config"].get("materialized") == "ml_model"  # type: ignore[index]


def trained_by_sql(manifest: Manifest) -> dict[str, str]:
    """Return the models of materialization ``ml_model``, each with its file."""
    return {
        node["name"]: node["original_file_path"]
        for node in manifest.raw["nodes"].values()
        if trains(node)
    }
