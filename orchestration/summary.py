"""The tables a command closes with, and what to do next."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from dataops.warehouse import count_rows
from ml import registry
from ml.errors import UsageError
from ml.registry import ModelVersion
from ml.relation import Relation
from orchestration.project import Project

METRICS = """
    select metric, data, value, low, high
    from ml.evaluations
    where model = ? and version = ? and segment = 'all'
    order by metric, data desc
"""


def print_release(project: Project, console: Console) -> None:
    """Close a whole run: rows per layer, models, predictions, rejects, and where to look next."""
    with project.warehouse.read() as connection:
        console.print(_layers(connection))
        _print_models(connection, console)
        _print_rejects(connection, console)
    console.print(f"released {project.warehouse.release}; readers open {project.warehouse.current}")
    console.print("next: goldloop ui (the graph), goldloop models (versions and metrics)")


def print_landing(project: Project, console: Console) -> None:
    """Close an ingest: files and rows per source, rejects, and what to do about them."""
    with project.warehouse.read() as connection:
        table = Table("source", "files", "rows", "loaded", "rejected", title="landing")
        for row in connection.execute(
            "select source, count(*), sum(rows), sum(loaded), sum(rejected) "
            "from landing.files group by source order by source"
        ).fetchall():
            table.add_row(*(f"{value:,}" if isinstance(value, int) else value for value in row))
        console.print(table)
        _print_rejects(connection, console)
    console.print("next: goldloop run")


def print_models(
    project: Project, console: Console, names: Sequence[str], trained_by: str | None = None
) -> None:
    """Close a training or a scoring: the champions and the predictions they have written.

    ``trained_by`` is the run of a training; of a model it made no version of, that is told.
    """
    with project.warehouse.read() as connection:
        _print_models(connection, console, names)
        if trained_by:
            _print_unchanged(connection, console, names, trained_by)
    console.print("next: goldloop run (builds what reads the predictions), goldloop models")


def list_versions(project: Project, console: Console, as_json: bool) -> None:
    """Show every version of every model, as a table or as JSON."""
    with project.warehouse.read() as connection:
        versions = registry.versions(connection)
    if as_json:
        console.print_json(json.dumps([_document(version) for version in versions], default=str))
        return
    table = Table("model", "version", "status", "estimator", "rows", "trained", "metrics", "why")
    for version in versions:
        facts = (version.model, version.version, version.status, version.estimator)
        trained = (f"{version.train_rows:,}", f"{version.created_at:%Y-%m-%d %H:%M}")
        table.add_row(*map(str, facts + trained), _metrics(version), version.reason or "")
    console.print(table)
    console.print("next: goldloop models show NAME")


def show_version(project: Project, console: Console, name: str, as_json: bool) -> None:
    """Show the champion of one model, or its newest version, with each metric and its interval."""
    with project.warehouse.read() as connection:
        every = registry.versions(connection)
        found = [version for version in every if version.model == name]
        if not found:
            known = ", ".join(sorted({version.model for version in every})) or "none"
            raise UsageError(
                f"'{name}' has no version in release {project.warehouse.release}; trained: {known}",
                fix="type: goldloop train, then: goldloop models",
            )
        shown = next((version for version in found if version.status == "champion"), found[0])
        metrics = _rows(connection, METRICS, [name, shown.version])
    if as_json:
        document = _document(shown) | {"evaluations": metrics}
        console.print_json(json.dumps(document, default=str))
        return
    console.print(f"{shown.name}, {shown.status}: {shown.estimator}, {shown.train_rows:,} rows")
    table = Table("metric", "data", "value", "low", "high")
    for row in metrics:
        table.add_row(*(_number(value) for value in row.values()))
    console.print(table)


def _document(version: ModelVersion) -> dict[str, Any]:
    """Return the version as JSON has it: the columns that hold JSON as what they hold."""
    document = asdict(version)
    del document["reused"]
    for name in ("params", "spec", "classes", "features", "transform", "libraries"):
        document[name] = None if document[name] is None else json.loads(document[name])
    return document


def _metrics(version: ModelVersion) -> str:
    """Return the metrics the declaration judges by; the others stand in ``models show``."""
    judged = dict.fromkeys(
        each["metric"] for each in json.loads(version.spec)["problem"]["success"]
    )
    metrics = version.metrics or {}
    return ", ".join(f"{name} {metrics[name]:.3f}" for name in judged if name in metrics)


def _layers(connection: duckdb.DuckDBPyConnection) -> Table:
    rows: dict[str, list[int]] = {}
    for relation, count in count_rows(connection).items():
        rows.setdefault(relation.schema, []).append(count)
    table = Table("schema", "tables", "rows", title="the warehouse")
    for schema, counts in rows.items():
        table.add_row(schema, str(len(counts)), f"{sum(counts):,}")
    return table


def _print_models(
    connection: duckdb.DuckDBPyConnection, console: Console, names: Sequence[str] | None = None
) -> None:
    shown = [
        version
        for version in registry.versions(connection)
        if version.status in ("champion", "rejected") and (not names or version.model in names)
    ]
    if not shown:
        console.print("no ML model is declared: docs/ml.md shows how")
        return
    table = Table("model", "version", "status", "metrics", "predictions", title="ML models")
    for version in shown:
        written = f"{_predictions(connection, version.model, version.version):,}"
        table.add_row(
            version.model, str(version.version), version.status, _metrics(version), written
        )
    console.print(table)


def _print_unchanged(
    connection: duckdb.DuckDBPyConnection, console: Console, names: Sequence[str], run: str
) -> None:
    for name in names:
        versions = registry.versions(connection, name)
        if versions and all(version.run_id != run for version in versions):
            console.print(
                f"{name} is unchanged: nothing is trained again; data, declaration, seed and "
                "libraries are as they were"
            )


def _print_rejects(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    if not _exists(connection, "landing", "rejects"):
        return
    failed = _rows(
        connection,
        "select source, file, message from landing.files where status = 'failed' order by all",
    )
    for row in failed[:10]:
        console.print(f"[yellow]not loaded[/] {row['source']}: {row['file']}: {row['message']}")
    if len(failed) > 10:
        console.print(f"and {len(failed) - 10} more: from landing.files where status = 'failed'")
    count = _rows(connection, "select count(*) as rows from landing.rejects")[0]["rows"]
    if count:
        console.print(f"{count:,} rows were rejected, each with its reason: from landing.rejects")


def _predictions(connection: duckdb.DuckDBPyConnection, model: str, version: int) -> int:
    if not _exists(connection, "predictions", model):
        return 0
    sql = f"select count(*) from {Relation('predictions', model).sql} where model_version = ?"
    row = connection.execute(sql, [version]).fetchone()
    return int(row[0]) if row else 0


def _exists(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    sql = "select 1 from duckdb_tables() where schema_name = ? and table_name = ?"
    return connection.execute(sql, [schema, name]).fetchone() is not None


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    result = connection.execute(sql, list(values))
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "" if value is None else str(value)
