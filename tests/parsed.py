"""A dbt project as dbt has parsed it, without dbt: commands read its manifest and no more."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.project import Project


def write_parsed(folder: Path, manifest: Mapping[str, Any]) -> Project:
    """Write a project into ``folder`` whose manifest is taken to be of its present files."""
    (folder / "dbt_project.yml").write_text("name: p\nprofile: p\n")
    (folder / "profiles.yml").write_text(
        "p: {target: dev, outputs: {dev: {type: duckdb, path: w.duckdb}}}\n"
    )
    project = Project.locate(folder)
    project.target.mkdir(parents=True)
    (project.target / "manifest.json").write_text(json.dumps(manifest))
    (project.target / "parsed").write_text(project.fingerprint)
    return project
