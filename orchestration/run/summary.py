"""The tables a command closes with, and what to do next."""

from collections.abc import Sequence
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dataops.warehouse import count_rows
from ml.images import left_out
from ml.monitoring.health import health_of
from ml.relation import Relation
from ml.versions import cards, registry
from orchestration.models.listing import judged_metrics
from orchestration.project import Project

# A retired version neither scores nor asks for anything.
_SHOWN = ("champion", "challenger", "rejected")


def print_release(project: Project, console: Console) -> None:
    """Close a whole run: rows per layer, models, predictions, rejects, and where to look next."""
    with project.warehouse.read() as connection:
        console.print(_layers(connection))
        _print_models(connection, console)
        _print_alarms(connection, console)
        _print_changed_cards(project, connection, console)
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
        _print_changed_cards(project, connection, console, names)
    console.print("next: goldloop run (builds what reads the predictions), goldloop models")


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
        if version.status in _SHOWN and (not names or version.model in names)
    ]
    if not shown:
        console.print("no ML model is declared: docs/ml.md shows how")
        return
    table = Table("model", "version", "status", "metrics", "predictions", title="ML models")
    for version in shown:
        written = f"{_predictions(connection, version.model, version.version):,}"
        table.add_row(
            version.model, str(version.version), version.status, judged_metrics(version), written
        )
    console.print(table)
    for name in dict.fromkeys(version.model for version in shown):
        for said in left_out.latest(connection, name):
            console.print(f"{name}: {said}", style="yellow", markup=False)


def _print_alarms(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    """Tell each model that raised an alarm as it scored, and which was the worst."""
    for name in sorted({version.model for version in registry.versions(connection)}):
        alarms = health_of(connection, name).alarms
        if alarms:
            worst = alarms[0].get("column_name") or f"{alarms[0]['kind']} {alarms[0]['metric']}"
            many = f"{len(alarms)} alarm{'s' * (len(alarms) > 1)}"
            console.print(
                f"{name}: {many}, the worst: {worst}, {alarms[0]['reason']} — type: "
                f"goldloop models health {name}",
                style="yellow",
                markup=False,
            )


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


def _print_changed_cards(
    project: Project,
    connection: duckdb.DuckDBPyConnection,
    console: Console,
    names: Sequence[str] | None = None,
) -> None:
    """Warn of problem cards that this run met changed, after results had been seen."""
    release = project.warehouse.current_release()
    for name in names or sorted({each.model for each in registry.versions(connection)}):
        for card in cards.cards(connection, name):
            if release and card.first_run == release.run and card.warning:
                console.print(f"[yellow]{escape(card.warning)}[/]")


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
    empty = _rows(
        connection,
        "select min(file) as file, count(*) as files from landing.files "
        "where rows = 0 and starts_with(message, 'it is empty')",
    )[0]
    if empty["files"]:
        console.print(
            f"{empty['files']:,} files are empty (0 bytes), such as {empty['file']}: have them "
            "delivered whole; all of them: from landing.files where rows = 0",
            markup=False,
        )
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
