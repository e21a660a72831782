"""The SQL models that ask an exposure's ML model by its name, which dbt does not see as lineage."""

import re
from collections.abc import Mapping
from typing import Any

import dagster as dg

from dataops.manifest import Manifest
from orchestration.assets.sql_step import UNIQUE_ID

ML = "ml"
_CALL = re.compile(r"""\bml_\w+\(\s*(?:model\s*=\s*)?(['"])(?P<name>.+?)\1""")


def called_models(node: Mapping[str, Any]) -> set[str]:
    """Return the names in quotes by which the SQL of ``node`` asks ML models."""
    return {found["name"] for found in _CALL.finditer(str(node.get("raw_code") or ""))}


def after_models(spec: dg.AssetSpec, manifest: Manifest) -> dg.AssetSpec:
    """Return ``spec``, built after the training of each exposure whose model its SQL asks."""
    node = manifest.raw["nodes"].get(spec.metadata.get(UNIQUE_ID)) or {}
    names = called_models(node) & {exposure.name for exposure in manifest.exposures}
    if not names:
        return spec
    asked = [dg.AssetDep(dg.AssetKey([ML, name])) for name in sorted(names)]
    return spec.replace_attributes(deps=[*spec.deps, *asked])
