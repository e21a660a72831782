"""The tables a command closes with, and what to do next."""

import json
from collections.abc import Sequence
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from dataops.warehouse import count_rows
from ml.errors import UsageError
from ml.relation import Relation
from orchestration.project import Project

VERSIONS = """
    select model, version, status, estimator, row_count, created_at, reason
    from ml.model_versions
    order by model, version
"""
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


def print_models(project: Project, console: Console, names: Sequence[str]) -> None:
    """Close a training or a scoring: the champions and the predictions they have written."""
    with project.warehouse.read() as connection:
        _print_models(connection, console, names)
    console.print("next: goldloop run (builds what reads the predictions), goldloop models")


def list_versions(project: Project, console: Console, as_json: bool) -> None:
    """Show every version of every model, as a table or as JSON."""
    with project.warehouse.read() as connection:
        rows = _rows(connection, VERSIONS) if _has_models(connection) else []
    if as_json:
        console.print_json(json.dumps(rows, default=str))
        return
    table = Table("model", "version", "status", "estimator", "rows", "trained", "why")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    console.print(table)
    console.print("next: goldloop models show NAME")


def show_version(project: Project, console: Console, name: str, as_json: bool) -> None:
    """Show the latest version of one model with its metrics beside the baseline's."""
    with project.warehouse.read() as connection:
        versions = _rows(connection, VERSIONS) if _has_models(connection) else []
        found = [row for row in versions if row["model"] == name]
        if not found:
            known = ", ".join(sorted({row["model"] for row in versions})) or "none"
            raise UsageError(
                f"'{name}' has no version in release {project.warehouse.release}; trained: {known}",
                fix="type: goldloop train, then: goldloop models",
            )
        latest = next((row for row in found if row["status"] == "champion"), found[-1])
        metrics = _rows(connection, METRICS, [name, latest["version"]])
    if as_json:
        console.print_json(json.dumps(latest | {"metrics": metrics}, default=str))
        return
    console.print(f"{name} version {latest['version']}, {latest['status']}: {latest['estimator']}")
    table = Table("metric", "data", "value", "low", "high")
    for row in metrics:
        table.add_row(*(_number(value) for value in row.values()))
    console.print(table)


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
    if not _has_models(connection):
        console.print("no ML model is declared: docs/ml.md shows how")
        return
    table = Table("model", "version", "status", "metrics", "predictions", title="ML models")
    for row in _rows(connection, VERSIONS):
        if names is not None and row["model"] not in names:
            continue
        if row["status"] in ("champion", "rejected"):
            metrics = _rows(connection, METRICS, [row["model"], row["version"]])
            text = ", ".join(
                f"{item['metric']} {item['value']:.3f}"
                for item in metrics
                if item["data"] == "test"
            )
            written = f"{_predictions(connection, row['model'], row['version']):,}"
            table.add_row(row["model"], str(row["version"]), row["status"], text, written)
    console.print(table)


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


def _has_models(connection: duckdb.DuckDBPyConnection) -> bool:
    return _exists(connection, "ml", "model_versions")


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
