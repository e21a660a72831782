"""The SQL models that ask an exposure's ML model by its name, which dbt does not see as lineage."""

import dagster as dg

from dataops.manifest import Manifest, called_models
from orchestration.assets.sql_step import UNIQUE_ID

ML = "ml"


def after_models(spec: dg.AssetSpec, manifest: Manifest) -> dg.AssetSpec:
    """Return ``spec``, built after the training of each exposure whose model its SQL asks."""
    node = manifest.raw["nodes"].get(spec.metadata.get(UNIQUE_ID)) or {}
    names = called_models(node) & {exposure.name for exposure in manifest.exposures}
    if not names:
        return spec
    asked = [dg.AssetDep(dg.AssetKey([ML, name])) for name in sorted(names)]
    return spec.replace_attributes(deps=[*spec.deps, *asked])
