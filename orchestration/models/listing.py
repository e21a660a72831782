"""The versions of the ML models as a table or as JSON, and what others show of a version."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ml.versions import registry
from ml.versions.registry import ModelVersion
from orchestration.project import Project

JSON_COLUMNS = ("params", "spec", "classes", "features", "transform", "calibration", "libraries")


def list_versions(folder: Path | None, as_json: bool) -> None:
    """Show every version of every model in the current release."""
    project, console = Project.locate(folder), Console(soft_wrap=True)
    with project.warehouse.read() as connection:
        versions = registry.versions(connection)
    if as_json:
        console.print_json(json.dumps([document(version) for version in versions], default=str))
        return
    # Without rules and with narrow gaps, so that a long metric fits into 80 columns.
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in ("version", "status", "estimator", "trained", "metrics"):
        table.add_column(name, overflow="fold")
    for version in versions:
        table.add_row(
            escape(version.name),
            version.status,
            escape(version.estimator),
            f"{version.created_at:%Y-%m-%d}",
            judged_metrics(version).replace(", ", "\n"),
        )
    console.print(table)
    for version in versions:
        if version.reason and version.status != "retired":
            console.print(f"{escape(version.name)} is {version.status}: {escape(version.reason)}")
    console.print("next: goldloop models show NAME, goldloop models compare NAME@1 NAME@2")


def document(version: ModelVersion) -> dict[str, Any]:
    """Return the version as JSON has it: the columns that hold JSON as what they hold."""
    found = asdict(version)
    del found["reused"]
    for name in JSON_COLUMNS:
        found[name] = None if found[name] is None else json.loads(found[name])
    return found


def judged_metrics(version: ModelVersion) -> str:
    """Return the metrics the declaration judges by; the others stand in ``models show``."""
    metrics = version.metrics or {}
    return ", ".join(
        f"{name} {metrics[name]:.3f}" for name in judged_by(version) if name in metrics
    )


def judged_by(version: ModelVersion) -> list[str]:
    """Return the names of the metrics that its declaration judges by, in its order."""
    success = json.loads(version.spec)["problem"]["success"]
    return list(dict.fromkeys(each["metric"] for each in success))


def criterion_in_words(declared: Mapping[str, Any]) -> str:
    """Return what ``declared``, one of ``problem.success``, asks for."""
    bound = next(key for key in ("at_least", "at_most", "beats_baseline_by") if key in declared)
    by = " (by its value)" if declared.get("judge") == "value" else ""
    return f"{declared['metric']} {bound.replace('_', ' ')} {declared[bound]}{by}"
