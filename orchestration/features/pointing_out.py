"""Features that were added, and those that have nearly the same values: pointed out, no failure."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape

from dataops.features.catalog import Feature, catalog
from dataops.features.duplicates import duplicates
from dataops.features.views import META
from dataops.manifest import Manifest
from dataops.sandbox import Sandbox
from dataops.sandbox.base import BASE, relations_of
from dataops.sandbox.state import SANDBOX
from ml.relation import Relation, quote
from ml.tables import exists
from orchestration.features.commands import checked_views
from orchestration.features.listing import told
from orchestration.project import Project


def added_features(project: Project, manifest: Path | None) -> list[Feature]:
    """Return the features that ``manifest``, the one before, did not have.

    None are new where there is no manifest: of a first run all would be.
    """
    if manifest is None or not manifest.is_file():
        return []
    before = {
        (node["name"], column)
        for node in Manifest.read(manifest).raw["nodes"].values()
        if META in (node["config"].get("meta") or {})
        for column in node["columns"]
    }
    features = catalog(project.manifest, checked_views(project))
    return [each for each in features if (each.view.name, each.name) not in before]


def point_out(project: Project, added: Sequence[Feature], console: Console) -> None:
    """Say which of ``added`` have nearly the values of another in the current release."""
    if not added or project.warehouse.current_release() is None:
        return
    every = catalog(project.manifest, checked_views(project))
    with project.warehouse.read() as connection:
        there = [each for each in every if exists(connection, each.view.relation)]
        _tell(connection, there, added, console)


def point_out_in(
    project: Project, sandbox: Sandbox, added: Sequence[Feature], console: Console
) -> None:
    """Say the same of a sandbox: what was built there beside what its base has."""
    if not added:
        return
    every = catalog(project.manifest, checked_views(project))
    with sandbox.connect() as connection:
        built, base = relations_of(connection, SANDBOX), relations_of(connection, BASE)
        there = [each for each in every if each.view.relation in built]
        for each in every:
            relation = each.view.relation
            if relation not in built and relation in base:
                placed = _InBase(relation.schema, relation.name)
                there.append(replace(each, view=replace(each.view, relation=placed)))
        _tell(connection, there, added, console)


class _InBase(Relation):
    """A relation of a sandbox's base."""

    @property
    def sql(self) -> str:
        return f"{quote(BASE)}.{quote(self.schema)}.{quote(self.name)}"


def _tell(
    connection: duckdb.DuckDBPyConnection,
    there: Sequence[Feature],
    added: Sequence[Feature],
    console: Console,
) -> None:
    names = {feature.full_name for feature in added}
    new = [feature for feature in there if feature.full_name in names]
    for each in duplicates(connection, there, new):
        console.print(f"[yellow]nearly the same values[/]: {escape(told(each))}")
