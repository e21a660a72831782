"""A new ML model from the command line: files written together, seen to parse, or not at all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape

from dataops.scaffold.asked import Column
from dataops.scaffold.checks import check_name, chosen, time_of
from dataops.scaffold.model_files import (
    AskedModel,
    door_sql,
    door_yaml,
    exposure_yaml,
    predictions_contract,
    source_yaml,
)
from dataops.scaffold.resolve import Resolver
from dataops.scaffold.writing import all_or_none
from ml.declaration.measures import MEASURES
from ml.declaration.presets import PRESETS
from ml.errors import UsageError
from ml.names import listed
from ml.tables import PREDICTION_COLUMNS, PREDICTIONS_SCHEMA
from orchestration.declared import declared_models
from orchestration.features.commands import checked_views
from orchestration.features.new import model_path
from orchestration.project import Project


def new_model(folder: Path | None, name: str, options: Mapping[str, Any]) -> None:
    """Write the declaration, the source, the door with a unit test, and the contract.

    ``options`` are those of the command. Raises UsageError, with nothing written, for what is
    unknown, not allowed or there already.
    """
    console = Console(soft_wrap=True)
    project = Project.locate(folder)
    with Console(stderr=True).status("reading the project"):
        _check_name(project, name)
        if project.warehouse.current_release() is None:
            asked = _asked(project, name, options, None)
        else:
            with project.warehouse.read() as connection:
                asked = _asked(project, name, options, connection)
    with all_or_none() as written:
        written.make(_files(project, asked))
        with Console(stderr=True).status("reading the project"):
            after = Project.locate(project.folder, project.home, project.landing)
            declared_models(after)
        for path in written.new:
            console.print(escape(f"wrote {path.relative_to(project.folder)}"))
    console.print(f"next: goldloop ci, goldloop run, goldloop models show {name}", markup=False)


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


def _asked(
    project: Project,
    name: str,
    options: Mapping[str, Any],
    connection: duckdb.DuckDBPyConnection | None,
) -> AskedModel:
    resolver = Resolver(project.manifest, checked_views(project), connection)
    train = resolver.columns(options["on"], "--on")
    score = resolver.columns(options["score_on"], "--score-on")
    key = tuple(_key(train, each) for each in options["key"])
    time = time_of(train, options["time"], "--time")
    for column in (*key, time):
        chosen(score, column.name, "--score-on, which needs the key and the time,")
    label = chosen(train, options["label"], "--label")
    return AskedModel(
        name=name,
        train_on=options["on"],
        score_on=options["score_on"],
        label=label,
        key=key,
        time=time,
        preset=_preset(options["preset"]),
        metric=_metric(options["metric"], label),
        question=options["question"] or f"What will {label.name} be, as known at {time.name}?",
        decision=options["decision"] or "Not said yet: write here what is decided with the answer.",
        owner=_owner(project, options["owner"]),
        email=options["email"],
    )


def _key(columns: Mapping[str, Column], name: str) -> Column:
    if name in PREDICTION_COLUMNS:
        raise UsageError(
            f"--key names '{name}', which scoring writes beside the key",
            fix="leave it out of --key; --time names the column of the moment",
        )
    return chosen(columns, name, "--key")


def _metric(named: str | None, label: Column) -> str:
    metric = named or ("rmse" if label.is_number else "roc_auc")
    if metric not in MEASURES:
        raise UsageError(
            f"--metric is '{metric}'; allowed: {listed(metric, MEASURES)}", fix="correct --metric"
        )
    return metric


def _preset(named: str | None) -> str:
    preset = named or "boosted_trees"
    if preset not in PRESETS:
        raise UsageError(
            f"--preset is '{preset}'; allowed: {listed(preset, PRESETS)}", fix="correct --preset"
        )
    return preset


def _owner(project: Project, named: str | None) -> str:
    owners = [str(each.owner["name"]) for each in project.manifest.exposures]
    if not named and not owners:
        raise UsageError(
            "nothing says who answers for the model", fix="add: --owner 'Name of a team'"
        )
    return named or max(owners, key=owners.count)
