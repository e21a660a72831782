"""A version written for another engine: found, tried, and only then put into its file."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

from duckdb import DuckDBPyConnection
from rich.console import Console

from ml.columns import find
from ml.declaration.tasks import require_label
from ml.errors import PipelineError, UsageError
from ml.export.writer import FORMATS, Export
from ml.names import listed
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.versions import registry
from ml.versions.registry import ModelVersion
from ml.versions.reproduce import declared
from orchestration.assets.sql_trained import trained_by_sql
from orchestration.declared import declared_model
from orchestration.models.names import version_of
from orchestration.project import Project


def write_export(folder: Path | None, name: str, to: str, output: Path | None) -> None:
    """Write version ``name``, of a name alone the champion, as ``to``; refuse what differs."""
    if to not in FORMATS:
        raise UsageError(
            f"--to is '{to}'; allowed: {listed(to, FORMATS)}",
            fix=f"type: goldloop models export {name} --to sql",
        )
    project, console = Project.locate(folder), Console(soft_wrap=True, highlight=False)
    with project.warehouse.read() as connection:
        spec, relations = _declared(project, connection, name.split("@")[0])
        require_label(spec, "goldloop models export")
        version = _version(connection, spec, name)
        source = find(connection, relations, spec.score.on, "score.on", spec.file)
        export = FORMATS[to](connection, spec, version, source)
    path = output or project.folder / "target" / "exports" / f"{version.name}.{to}"
    _write(path, export.content)
    _close(console, version, export, path, to, str(project.warehouse.current))


def _declared(
    project: Project, connection: DuckDBPyConnection, name: str
) -> tuple[ModelSpec, Mapping[str, Relation]]:
    """Return the declaration of ML model ``name``, and the tables it names.

    One that SQL trains scores the table it learnt from: that has the key, the time, the features.
    """
    if name not in trained_by_sql(project.manifest):
        spec = declared_model(project, name, "type: goldloop models")
        return spec, project.manifest.relations
    version = version_of(registry.versions(connection), name)
    spec = declared(version, project.folder, project.settings.ml.trust)
    return spec, {spec.train.on: version.learnt_from}


def _version(connection: DuckDBPyConnection, spec: ModelSpec, name: str) -> ModelVersion:
    """Return the champion, or the version that ``name`` says by its number."""
    made = registry.versions(connection, spec.name)
    if "@" not in name:
        champion = next((each for each in made if each.status == "champion"), None)
        if champion is None:
            raise PipelineError(
                f"no version of ML model '{name}' is champion; there are: "
                f"{', '.join(each.name for each in made) or 'none'}",
                fix=f"name one, as {name}@1, or: goldloop train {name}",
            )
        return champion
    found = next((each for each in made if each.name == name), None)
    if found is None:
        raise UsageError(
            f"there is no version {name}; there are: {', '.join(v.name for v in made) or 'none'}",
            fix="type: goldloop models",
        )
    return found


def _write(path: Path, content: bytes) -> None:
    """Write the whole of ``content``, or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as error:
        raise PipelineError(
            f"{path} could not be written: {error}", fix="name another file: --output FILE"
        ) from error


def _close(
    console: Console, version: ModelVersion, export: Export, path: Path, to: str, warehouse: str
) -> None:
    parity = export.parity
    console.print(f"{version.name} written to {path}, {len(export.content):,} bytes", markup=False)
    ties = f", {parity.ties} rows lie between two classes" if parity.ties else ""
    console.print(
        f"{parity.rows:,} rows scored both ways: largest difference {parity.greatest:.2g}, "
        f"allowed {export.tolerance:g}{ties}"
    )
    if to == "sql":
        console.print(f"to run it: duckdb -readonly {warehouse} < {path}", markup=False)
    else:
        console.print(f'to run it: onnxruntime.InferenceSession("{path}")', markup=False)
