"""How a run tells the plugin that dbt works for it, and which of its models are trained by SQL."""

from collections.abc import Mapping

from dataops.manifest import Manifest, trains
from ml.declaration.presets import PRESETS

# The macro that asks a model of a task; those of every other are asked row by row.
ASKED_BY = {"forecast": "ml_forecast", "recommendation": "ml_recommend"}
# The run that dbt works for, where it is not a run of its own.
RUN = "GOLDLOOP_RUN"
# Whether it only tries that everything can be built: what is trained tells however good it is.
SMOKE = "GOLDLOOP_SMOKE"
# Whether a version that misses its criteria is an error though a champion stands behind it.
STRICT = "GOLDLOOP_STRICT"


def trained_by_sql(manifest: Manifest) -> dict[str, str]:
    """Return the models of materialization ``ml_model``, each with its file."""
    return {
        node["name"]: node["original_file_path"]
        for node in manifest.raw["nodes"].values()
        if trains(node)
    }


def call_of(manifest: Manifest, name: str) -> str:
    """Return how SQL asks the model ``name``: row by row, unless SQL trains it for another task."""
    found = (node for node in manifest.raw["nodes"].values() if node["name"] == name)
    meta = next((node["config"].get("meta") or {} for node in found if trains(node)), {}).get("ml")
    flat = {**meta, **(meta.get("estimator") or {})} if isinstance(meta, Mapping) else {}
    preset = PRESETS.get(str(flat.get("preset")))
    macro = ASKED_BY.get(preset.tasks[0] if preset else "")
    return f"{macro}(ref('{name}'))" if macro else f"ml_predict(ref('{name}'), ref(…))"
