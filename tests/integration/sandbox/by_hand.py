"""A stranger's project with a release made without Dagster, and the commands to call on it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from dataops.warehouse import Release
from ml.errors import GoldloopError
from ml.score import score
from ml.train import train
from ml.versions.provenance import Provenance
from orchestration.cli import sandbox as cli_sandbox
from orchestration.declared import declared_models
from orchestration.project import Project
from tests.stranger import SOURCES, write_stranger

Command = Callable[..., str]


MARKED = "{name: channel, data_type: varchar, config: {meta: {pii: true}}}"


def published(folder: Path) -> tuple[Project, Release]:
    """Write the stranger's project, a column marked, and publish what a run of it would."""
    project = Project(write_stranger(folder), folder / "warehouse", folder / "landing")
    sources = SOURCES.replace("{name: channel, data_type: varchar}", MARKED)
    (folder / "models" / "sources.yml").write_text(sources, encoding="utf-8")
    candidate = project.warehouse.open("by-hand")
    [spec], relations = declared_models(project), project.manifest.relations
    with project.warehouse.connect() as connection:
        connection.execute("create schema landing")
        connection.execute("create schema main_gold")
        files = str(project.landing / "visits" / "*.csv").replace("'", "''")
        connection.execute(
            "create table landing.web__visits as select * replace (pages::integer as pages) "
            f"from read_csv('{files}', types = {{'visit_id': 'varchar'}})"
        )
        for name, columns in {
            "visit_training": "*",
            "visit_features": "* exclude (is_bought)",
        }.items():
            connection.execute(
                f"create table {relations[name].sql} as select {columns} from landing.web__visits"
            )
        for step in (train, score):
            step(connection, spec, relations, Provenance("by-hand"), now=datetime.now(UTC))
        connection.execute(
            f"create table {relations['visit_mart'].sql} as select visit_date, avg(score) as "
            "expected_share, count(*) as visits from predictions.purchase inner join "
            f"{relations['visit_features'].sql} using (visit_id) group by visit_date"
        )
    (candidate.folder / "manifest.json").write_text(json.dumps(project.manifest.raw))
    return project, candidate.publish({}, datetime.now(UTC))


def command_line(project: Project, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return what calls the command line on ``project``; it raises what the command raises."""
    for name in ("GOLDLOOP_HOME", "GOLDLOOP_LANDING", "GOLDLOOP_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()

    @app.callback()
    def choose(context: typer.Context, project_dir: Annotated[Path, typer.Option()]) -> None:
        context.obj = project_dir

    cli_sandbox.register(app)

    def call(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["--project-dir", str(project.folder), *arguments])
        if isinstance(done.exception, GoldloopError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout

    return call
