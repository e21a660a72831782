"""Two versions of an ML model beside each other, on the same rows."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ml.errors import UsageError
from ml.evaluation.bootstrap import Interval
from ml.versions import registry
from ml.versions.compare import Compared, compare_versions
from orchestration.models.names import version_of
from orchestration.models.page import between, number
from orchestration.project import Project


def compare_two(folder: Path | None, one: str, other: str, as_json: bool) -> None:
    """Show by how much the newer of two versions is better, metric by metric."""
    project, console = Project.locate(folder), Console(soft_wrap=True)
    with project.warehouse.read() as connection:
        every = registry.versions(connection)
        first, second = (version_of(every, text) for text in (one, other))
        if first.model != second.model or first.version == second.version:
            raise UsageError(
                f"{first.name} and {second.name} cannot be compared; "
                "allowed: two versions of one ML model",
                fix=f"type: goldloop models show {first.model}",
            )
        compared = compare_versions(connection, first, second, datetime.now(UTC))
    if as_json:
        console.print_json(json.dumps(_document(compared)))
        return
    _print(compared, console)


def _document(compared: Compared) -> dict[str, Any]:
    metrics = {
        name: {
            compared.newer.name: values[0],
            compared.older.name: values[1],
            "gain": asdict(compared.gains.get(name, Interval(None))),
        }
        for name, values in compared.values.items()
    }
    return {
        "newer": compared.newer.name,
        "older": compared.older.name,
        "rows": compared.rows,
        "seen_by_older": compared.seen,
        "note": compared.note,
        "metrics": metrics,
    }


def _print(compared: Compared, console: Console) -> None:
    newer, older = compared.newer.name, compared.older.name
    on = f"{compared.rows:,} rows" if compared.rows is not None else "rows of their own"
    table = Table("metric", newer, older, f"gain of {newer}", "95 %", title=f"on {on}")
    for name, values in compared.values.items():
        gain = compared.gains.get(name, Interval(None))
        table.add_row(name, *map(number, values), number(gain.value), between(asdict(gain)))
    console.print(table)
    if compared.note:
        console.print(compared.note)
    if compared.seen:
        console.print(f"{older} has learnt from {compared.seen:.0%} of these rows")
    console.print(
        f"a gain above 0 is better, whichever way the metric goes\nnext: {_next(compared)}"
    )


def _next(compared: Compared) -> str:
    """Return what to type: the version that does not score can be made to."""
    for version in (compared.newer, compared.older):
        if version.status != "champion":
            return f"goldloop models show {version.name}, goldloop models promote {version.name}"
    return f"goldloop models show {compared.newer.model}"
