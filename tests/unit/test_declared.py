from pathlib import Path
from typing import Any

import pytest

from dataops.manifest import Manifest
from ml.errors import UsageError
from orchestration.declared import declared_in
from orchestration.project import Project
from tests.unit.ml.world import declare


def project_in(folder: Path) -> Project:
    (folder / "dbt_project.yml").write_text("name: it\n")
    return Project.locate(folder)


def manifest_of(estimator: dict[str, Any]) -> Manifest:
    exposure = {
        "name": "model",
        "type": "ml",
        "original_file_path": "models/m.yml",
        "description": "d",
        "owner": {"name": "o"},
        "config": {"meta": {"ml": declare({"estimator": estimator})}},
    }
    return Manifest({"nodes": {}, "sources": {}, "exposures": {"exposure.it.model": exposure}})


def test_a_class_of_others_needs_a_line_of_the_project_file(tmp_path: Path) -> None:
    manifest = manifest_of({"class": "lightgbm.LGBMClassifier"})
    with pytest.raises(UsageError) as caught:
        declared_in(project_in(tmp_path), manifest)
    assert caught.value.exit_code == 2
    assert "add to goldloop.yml: ml: {trust: [lightgbm.LGBMClassifier]}" in str(caught.value)
    (tmp_path / "goldloop.yml").write_text("ml: {trust: [lightgbm.LGBMClassifier]}\n")
    (spec,) = declared_in(project_in(tmp_path), manifest)
    assert spec.trust == ("lightgbm.LGBMClassifier",)


def test_a_builder_in_the_projects_folder_needs_none(tmp_path: Path) -> None:
    manifest = manifest_of({"builder": "pipelines.mine:build"})
    with pytest.raises(UsageError, match=r"neither scikit-learn's nor the project's own"):
        declared_in(project_in(tmp_path), manifest)
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "mine.py").write_text("def build(features, params): ...\n")
    (spec,) = declared_in(project_in(tmp_path), manifest)
    assert spec.folder == tmp_path
