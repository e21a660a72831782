"""A new feature from the command line: its files written together, seen to parse, or not at all."""

from pathlib import Path

import yaml
from rich.console import Console
from rich.markup import escape

from dataops.features.catalog import catalog, near
from dataops.features.installed import MACROS
from dataops.features.views import ONE_ROW
from dataops.scaffold.asked import AskedFeature
from dataops.scaffold.feature_sql import feature_sql
from dataops.scaffold.feature_yaml import feature_contract, feature_yaml
from dataops.scaffold.join_in import join_in
from dataops.scaffold.resolve import Resolver, Typed
from dataops.scaffold.writing import Written, all_or_none
from ml.errors import UsageError
from orchestration.features.commands import FOLDER, checked_views, macro_path
from orchestration.project import Project


def new_feature(folder: Path | None, typed: Typed, into: str | None, where: Path | None) -> None:
    """Write the model, its YAML with a unit test, and its contract; point out what is near.

    ``into`` names a training set that gets the feature, ``where`` the folder for the model. Raises
    UsageError, with nothing written, for what is unknown, not allowed or there already.
    """
    console = Console(soft_wrap=True)
    project = Project.locate(folder)
    with Console(stderr=True).status("reading the project"):
        asked, resolved = _asked(project, typed)
        alike = near(
            asked.name, asked.description, catalog(project.manifest, checked_views(project))
        )
    for feature, _ in alike:
        says = f"{feature.full_name} is near to it: {feature.description}"
        console.print(f"[yellow]{escape(says)}[/] (goldloop features show {feature.full_name})")
    target = (where or project.folder / resolved).resolve()
    if not target.is_relative_to(project.folder):
        raise UsageError(f"--folder is {target}, outside {project.folder}", fix="correct --folder")
    with all_or_none() as written:
        _write(project, asked, written, target, into)
        for path in (*written.new, *written.changed):
            if path.parent.name != FOLDER:
                verb = "changed" if path in written.changed else "wrote"
                console.print(escape(f"{verb} {path.relative_to(project.folder)}"))
    console.print(f"next: dbt build --select {asked.view}, goldloop ci, goldloop run", markup=False)


def model_path(project: Project) -> str:
    """Return the first folder dbt looks for models in."""
    text = (project.folder / "dbt_project.yml").read_text(encoding="utf-8")
    paths = (yaml.safe_load(text) or {}).get("model-paths") or ["models"]
    return str(paths[0])


def _asked(project: Project, typed: Typed) -> tuple[AskedFeature, str]:
    views = checked_views(project)
    if project.warehouse.current_release() is None:
        resolver = Resolver(project.manifest, views, None)
        return resolver.asked(typed), resolver.folder or f"{model_path(project)}/features"
    with project.warehouse.read() as connection:
        resolver = Resolver(project.manifest, views, connection)
        return resolver.asked(typed), resolver.folder or f"{model_path(project)}/features"


def _write(
    project: Project, asked: AskedFeature, written: Written, where: Path, into: str | None
) -> None:
    """Write the files, let dbt parse them, and write the contract where dbt puts the model."""
    if into:
        edits = join_in(asked, into, project.manifest, project.folder)
        written.change(edits)
    if f"test_{ONE_ROW}" not in _macros(project):
        target = project.folder / macro_path(project.folder) / FOLDER
        written.make({target / each.name: each.read_text("utf-8") for each in _sources()})
    written.make(
        {
            where / f"{asked.view}.sql": feature_sql(asked),
            where / f"{asked.view}.yml": feature_yaml(asked),
        }
    )
    after = Project.locate(project.folder, project.home, project.landing)
    with Console(stderr=True).status("reading the project"):
        view = checked_views(after).get(asked.view)
    if view is None:
        raise UsageError(
            f"dbt does not see the model in {where}; it looks below {model_path(project)}",
            fix="correct --folder",
        )
    relation = view.relation
    path = project.folder / "contracts" / relation.schema / f"{relation.name}.yml"
    written.make({path: feature_contract(asked, relation)})


def _macros(project: Project) -> set[str]:
    return {macro["name"] for macro in project.manifest.raw.get("macros", {}).values()}


def _sources() -> list[Path]:
    return sorted(MACROS.iterdir())
