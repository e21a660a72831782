"""A new ML model from the command line: files written together, seen to parse, or not at all."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from dataops.scaffold.asked_model import AskedModel
from dataops.scaffold.checks import check_name
from dataops.scaffold.model_files import door_sql, door_yaml, predictions_contract, source_yaml
from dataops.scaffold.model_resolve import TypedModel, asked_model
from dataops.scaffold.model_yaml import exposure_yaml
from dataops.scaffold.resolve import Resolver
from dataops.scaffold.writing import all_or_none
from ml.errors import UsageError
from ml.tables import PREDICTIONS_SCHEMA
from orchestration.declared import declared_models
from orchestration.features.commands import checked_views
from orchestration.features.new import model_path
from orchestration.project import Project


def new_model(folder: Path | None, typed: TypedModel) -> None:
    """Write the declaration, the source, the door with a unit test, and the contract.

    Raises UsageError, with nothing written, for what is unknown, not allowed or there already.
    """
    console = Console(soft_wrap=True)
    project = Project.locate(folder)
    with Console(stderr=True).status("reading the project"):
        asked = _asked(project, typed)
    with all_or_none() as written:
        written.make(_files(project, asked))
        with Console(stderr=True).status("reading the project"):
            after = Project.locate(project.folder, project.home, project.landing)
            declared_models(after)
        for path in written.new:
            console.print(escape(f"wrote {path.relative_to(project.folder)}"))
    console.print(
        f"next: goldloop ci, goldloop run, goldloop models show {typed.name}", markup=False
    )


def _asked(project: Project, typed: TypedModel) -> AskedModel:
    _check_name(project, typed.name)
    owner, views = _owner(project, typed.owner), checked_views(project)
    if project.warehouse.current_release() is None:
        return asked_model(Resolver(project.manifest, views, None), typed, owner)
    with project.warehouse.read() as connection:
        return asked_model(Resolver(project.manifest, views, connection), typed, owner)


def _files(project: Project, asked: AskedModel) -> dict[Path, str]:
    declared, doors = _folders(project)
    contracts = project.folder / "contracts" / PREDICTIONS_SCHEMA
    return {
        declared / f"{asked.name}.yml": exposure_yaml(asked),
        doors / f"_{PREDICTIONS_SCHEMA}__{asked.name}.yml": source_yaml(asked),
        doors / f"{asked.door}.sql": door_sql(asked),
        doors / f"{asked.door}.yml": door_yaml(asked),
        contracts / f"{asked.name}.yml": predictions_contract(asked),
    }


def _folders(project: Project) -> tuple[Path, Path]:
    """Return where declarations and doors stand: beside those that are there."""
    manifest, models = project.manifest, model_path(project)
    files = [exposure.file for exposure in manifest.exposures]
    sources = [
        each["original_file_path"]
        for each in manifest.sources
        if each["source_name"] == PREDICTIONS_SCHEMA
    ]
    declared = Path(files[0]).parent if files else Path(models) / "ml"
    doors = Path(sources[0]).parent if sources else Path(models) / PREDICTIONS_SCHEMA
    return project.folder / declared, project.folder / doors


def _check_name(project: Project, name: str) -> None:
    check_name(name, name)
    sources = [each["name"] for each in project.manifest.sources
               if each["source_name"] == PREDICTIONS_SCHEMA]  # fmt: skip
    if name in sources or name in [each.name for each in project.manifest.exposures]:
        raise UsageError(
            f"'{name}' is an ML model of this project already, or a table of its predictions",
            fix="take another name, or type: goldloop models",
        )


def _owner(project: Project, named: str | None) -> str:
    """Return who answers for the model: who was named, or who does for most of the others."""
    owners = [str(each.owner["name"]) for each in project.manifest.exposures]
    if not named and not owners:
        raise UsageError(
            "nothing says who answers for the model", fix="add: --owner 'Name of a team'"
        )
    return named or max(owners, key=owners.count)
