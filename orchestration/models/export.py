"""A version written for another engine: found, tried, and only then put into its file."""

from pathlib import Path
from tempfile import NamedTemporaryFile

from duckdb import DuckDBPyConnection
from rich.console import Console

from ml.columns import find
from ml.declaration.tasks import require_label
from ml.errors import PipelineError, UsageError
from ml.export.writer import FORMATS, Export
from ml.names import listed
from ml.spec import ModelSpec
from ml.versions import registry
from ml.versions.registry import ModelVersion
from orchestration.declared import declared_models
from orchestration.project import Project


def write_export(folder: Path | None, name: str, to: str, output: Path | None) -> None:
    """Write version ``name``, of a name alone the champion, as ``to``; refuse what differs."""
    if to not in FORMATS:
        raise UsageError(
            f"--to is '{to}'; allowed: {listed(to, FORMATS)}",
            fix=f"type: goldloop models export {name} --to sql",
        )
    project, console = Project.locate(folder), Console(soft_wrap=True, highlight=False)
    spec = declared_model(project, name.split("@")[0])
    require_label(spec, "goldloop models export")
    with project.warehouse.read() as connection:
        version = _version(connection, spec, name)
        source = find(connection, project.manifest.relations, spec.score.on, "score.on", spec.file)
        export = FORMATS[to](connection, spec, version, source)
    path = output or project.folder / "target" / "exports" / f"{version.name}.{to}"
    _write(path, export.content)
    _close(console, version, export, path, to, str(project.warehouse.current))


def declared_model(project: Project, name: str) -> ModelSpec:
    """Return the declaration of ML model ``name``; raise UsageError where there is none."""
    declared = {spec.name: spec for spec in declared_models(project)}
    if name not in declared:
        raise UsageError(
            f"'{name}' is no ML model of {project.folder}; it has: {listed(name, declared)}",
            fix="type: goldloop models",
        )
    return declared[name]


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
