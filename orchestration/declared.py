"""The ML models a project declares, found without loading Dagster or scikit-learn."""

from collections.abc import Collection, Mapping

from dataops.manifest import Manifest, trains
from ml.errors import UsageError
from ml.names import listed
from ml.relation import Relation
from ml.spec import ModelSpec, parse_spec
from orchestration.assets.sql_trained import trained_by_sql
from orchestration.declared_in_sql import node_spec
from orchestration.project import Project


def declared_models(project: Project) -> list[ModelSpec]:
    """Parse every exposure of type ``ml``; what it reads must be in the dbt project."""
    specs = declared_in(project, project.manifest)
    for spec in specs:
        for key, name in (("train.on", spec.train.on), ("score.on", spec.score.on)):
            _require(project.manifest.relations, spec, key, name)
    return specs


def declared_in(project: Project, manifest: Manifest) -> list[ModelSpec]:
    """Parse every exposure of type ``ml`` of ``manifest``, which dbt made of ``project``.

    Raises UsageError for one declared wrongly.
    """
    specs = []
    for exposure in manifest.exposures:
        meta = exposure.meta.get("ml")
        if not isinstance(meta, Mapping):
            raise UsageError(
                f"{exposure.file}: exposure '{exposure.name}' has type ml and its config.meta.ml "
                f"is {meta!r}; allowed: a mapping",
                fix="add it (docs/ml.md shows one), then: dbt parse",
            )
        specs.append(
            parse_spec(
                exposure.name,
                meta,
                file=exposure.file,
                folder=project.folder,
                trust=project.settings.ml.trust,
            )
        )
    return specs


def declared_by_sql(project: Project, manifest: Manifest) -> list[ModelSpec]:
    """Parse what every model of materialization ``ml_model`` declares.

    Raises UsageError for one declared wrongly.
    """
    return [
        node_spec(
            {
                "name": node["name"],
                "file": node["original_file_path"],
                "meta": (node["config"].get("meta") or {}).get("ml"),
                "folder": str(project.folder),
            }
        )
        for node in manifest.raw["nodes"].values()
        if trains(node)
    ]


def declared_model(project: Project, name: str, instead: str) -> ModelSpec:
    """Return what the exposure ``name`` declares.

    Raises what :func:`no_exposure` returns where there is none.
    """
    declared = {spec.name: spec for spec in declared_models(project)}
    if name not in declared:
        raise no_exposure(project, name, declared, instead)
    return declared[name]


def no_exposure(project: Project, name: str, declared: Collection[str], instead: str) -> UsageError:
    """Return what to say of ``name``, which is none of the exposures ``declared``.

    Of a model that SQL trains it says what to do ``instead``; of another the nearest names.
    """
    by_sql = trained_by_sql(project.manifest)
    if name in by_sql:
        return UsageError(
            f"ML model '{name}' is trained by SQL, in {by_sql[name]}; allowed here: an exposure of "
            f"type ml ({listed(name, declared) if declared else 'there is none'})",
            fix=instead,
        )
    known = listed(name, [*declared, *by_sql])
    return UsageError(
        f"'{name}' is no ML model of {project.folder}; it has: {known}",
        fix="type: goldloop models",
    )


def _require(relations: Mapping[str, Relation], spec: ModelSpec, key: str, name: str) -> None:
    if name not in relations:
        raise UsageError(
            f"{spec.file}: {key} of '{spec.name}' names '{name}', no model of this project; "
            f"it has: {listed(name, relations)}",
            fix=f"correct {spec.file}, then: dbt parse",
        )
