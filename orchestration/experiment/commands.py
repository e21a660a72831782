"""``goldloop experiment``: variants of the data tried on the current release, which stays."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from dataops.features.join import join_features
from ml.errors import UsageError
from ml.experiment.asking import Asked
from ml.experiment.result import Experiment, Rung
from ml.experiment.run import Settings, experiment
from ml.spec import ModelSpec
from orchestration.declared import declared_model
from orchestration.experiment.advice import advice
from orchestration.experiment.forest_plot import forest_plot
from orchestration.features.commands import checked_views
from orchestration.models.page import between, number
from orchestration.project import Project


def show_experiment(
    folder: Path | None,
    name: str,
    asked: Asked,
    settings: Settings,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Show what each change of the data is worth to ML model ``name``."""
    if plot is not None and plot.suffix != ".svg":
        raise UsageError(
            f"--plot is '{plot}'; allowed: a file ending in .svg", fix="correct --plot"
        )
    project, console = Project.locate(folder), Console(soft_wrap=True, highlight=False)
    spec = declared_model(
        project,
        name,
        "declare an exposure over the same training set (docs/ml.md), then: dbt parse",
    )
    found, release = _tried(project, spec, asked, settings)
    if plot is not None:
        plot.parent.mkdir(parents=True, exist_ok=True)
        plot.write_text(forest_plot(found), encoding="utf-8")
    if as_json:
        console.print_json(json.dumps(_document(found, release)))
        return
    _print(found, release, spec, console)
    if plot is not None:
        console.print(f"drawn in {plot}")


def _tried(
    project: Project, spec: ModelSpec, asked: Asked, settings: Settings
) -> tuple[Experiment, str]:
    """Return what came of it and the release it was tried on, which is opened read-only."""
    views, relations = checked_views(project), project.manifest.relations
    with (
        project.warehouse.read() as connection,
        Console(stderr=True).status(f"reading {spec.train.on}") as status,
    ):
        connection.execute("set TimeZone = 'UTC'")
        spine, time = relations[spec.train.on], spec.train.time or ""
        found = experiment(
            connection,
            spec,
            relations,
            asked,
            settings,
            now=datetime.now(UTC),
            views={name: list(view.features) for name, view in views.items()},
            join=lambda wanted: join_features(connection, views, wanted, spine, time),
            tell=partial(_tell, status),
        )
        return found, str(project.warehouse.release)


def _tell(status: Any, text: str) -> None:
    status.update(escape(text))


def _document(found: Experiment, release: str) -> dict[str, Any]:
    return {
        "model": found.model,
        "release": release,
        "metric": found.metric,
        "rows_judged": found.judged,
        "folds": found.folds,
        "seeds": list(found.seeds),
        "matters": found.matters,
        "declared": _rung(found, found.declared),
        "changes": [_rung(found, rung) for rung in found.rungs],
    }


def _rung(found: Experiment, rung: Rung) -> dict[str, Any]:
    told: dict[str, Any] = {
        "change": rung.change.said,
        **asdict(rung.value),
        "rows": rung.rows,
        "columns": rung.columns,
        "labels_contradicted": rung.left_out,
        "there_already": [".".join(each) for each in rung.change.there],
        "each_seed": [None if isnan(value) else value for value in rung.each_seed],
    }
    if rung.gain is not None:
        told |= {"gain": asdict(rung.gain), "verdict": found.verdict(rung)}
    return told


def _print(found: Experiment, release: str, spec: ModelSpec, console: Console) -> None:
    seeds = f", mean of {len(found.seeds)} seeds" if len(found.seeds) > 1 else ""
    where = f"of {found.folds} folds" if found.folds else "held out"
    # Of 80 characters the change alone gives way; intervals of the metric and rows are in --json.
    table = Table(
        Column("change", overflow="fold"),
        *(Column(name, no_wrap=True) for name in (found.metric, "gain, 95 %", "verdict")),
        title=f"{found.model}, judged on {found.judged:,} rows {where} of release {release}{seeds}",
    )
    for rung in (found.declared, *found.rungs):
        table.add_row(*_row(found, rung))
    console.print(table)
    console.print(
        "a gain above 0 is better than the model as declared, whichever way the metric goes; "
        f"less than {found.matters:.4f} either way makes no difference"
    )
    for line in advice(found, spec):
        console.print(escape(line))


def _row(found: Experiment, rung: Rung) -> list[str]:
    gain = rung.gain
    judged = ["", ""]
    if gain is not None:
        judged = [f"{gain.value or 0:+.4f} {between(asdict(gain))}", found.verdict(rung)]
    return [escape(rung.change.said), number(rung.value.value), *judged]
