import json
from pathlib import Path

import pytest

from dataops.manifest import Manifest
from ml.errors import UsageError
from ml.relation import Relation


def node(name: str, kind: str, schema: str) -> dict[str, object]:
    return {"name": name, "resource_type": kind, "schema": schema, "alias": f"{name}_alias"}


def test_models_seeds_and_snapshots_are_found_by_the_name_ref_knows() -> None:
    nodes = {k: node(k, k, "gold") for k in ("model", "seed", "snapshot", "test")}
    manifest = Manifest({"nodes": nodes, "sources": {}, "exposures": {}})
    assert manifest.relations == {
        k: Relation("gold", f"{k}_alias") for k in ("model", "seed", "snapshot")
    }


def test_only_exposures_of_type_ml_are_models() -> None:
    exposure = {
        "original_file_path": "models/m.yml",
        "description": "d",
        "owner": {"name": "o"},
        "config": {"meta": {"ml": {}}},
    }
    manifest = Manifest(
        {
            "nodes": {},
            "sources": {},
            "exposures": {
                "a": exposure | {"name": "a", "type": "ml"},
                "b": exposure | {"name": "b", "type": "dashboard"},
            },
        }
    )
    assert [found.name for found in manifest.exposures] == ["a"]


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"nodes": {}}), "\x00"])
def test_a_broken_manifest_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"manifest\.json is not a dbt manifest: .*delete"):
        Manifest.read(path)
