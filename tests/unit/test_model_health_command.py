"""goldloop models health as a person types it, on a project that needs no dbt for it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dataops.manifest import Manifest
from dataops.warehouse import Warehouse
from ml.errors import UsageError
from ml.monitoring.watch import watch
from ml.spec import ModelSpec
from orchestration.cli.main import app
from orchestration.project import Project
from tests.unit.ml.watching import WEEKS, score_later
from tests.unit.ml.world import NOW, World, small_world


def health(project: Path, *words: str) -> tuple[int, str]:
    runner = CliRunner(env={"COLUMNS": "250"})
    result = runner.invoke(app, ["--project-dir", str(project), "models", "health", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Publish what a function has made of a small world, whose model the project declares."""

    def publish(make: Callable[[World], None]) -> Path:
        (tmp_path / "dbt_project.yml").write_text("name: p\n")
        warehouse = Warehouse(tmp_path / "warehouse")
        candidate = warehouse.open("run-1")
        with warehouse.connect() as connection:
            world = small_world(connection)
            make(world)
            spec: ModelSpec = world.spec(WEEKS)
        monkeypatch.setattr("orchestration.models.health.declared_models", lambda _: [spec])
        monkeypatch.setattr(Project, "manifest", Manifest({"nodes": {}}))
        candidate.publish({}, NOW)
        return tmp_path

    return publish


def scored(*shifts: str) -> Callable[[World], None]:
    def make(world: World) -> None:
        world.train(WEEKS)
        for week, a in enumerate(shifts):
            score_later(world, WEEKS, week, a)
            watch(world.conn, world.spec(WEEKS), world.relations, f"run-{week}", now=NOW)

    return make


def test_a_model_that_is_well_has_no_alarm(published: Callable[..., Path]) -> None:
    code, told = health(published(scored("a", "a")), "model")
    assert code == 0
    for shown in ("model: model@1", "drift, 2025-04-09 to 2025-04-09", "no alarm", "skew: no row",
                  "next: goldloop models show model", "not calibrated",
                  "first window after what model@1 learnt from (2025-04-02 to 2025-04-02)",
                  "an alarm: psi above 0.2, missing above 0.1 against training, and no accident",
                  "realised performance of 1,200 predictions, 2025-04-02 to 2025-04-09: no label",
                  ):  # fmt: skip
        assert shown in told, shown


def test_a_window_without_rows_is_not_taken_for_a_quiet_one(
    published: Callable[..., Path],
) -> None:
    def make(world: World) -> None:
        world.train(WEEKS)
        world.sql("delete from gold.ftr")
        world.score(WEEKS)
        watch(world.conn, world.spec(WEEKS), world.relations, "run-1", now=NOW)

    _, told = health(published(make), "model")
    assert "drift: nothing was compared, as where ftr has no rows" in told


def test_windows_that_the_version_learnt_from_are_not_the_first_it_met(
    published: Callable[..., Path],
) -> None:
    def make(world: World) -> None:
        world.train(WEEKS)
        world.score(WEEKS)
        watch(world.conn, world.spec(WEEKS), world.relations, "run-1", now=NOW)

    _, told = health(published(make), "model")
    assert "psi so far" in told
    assert "first window" not in told


def test_a_drift_is_shown_worst_first_with_its_windows_and_answers_1(
    published: Callable[..., Path],
) -> None:
    project = published(scored("a", "a", "a + 0.5"))
    code, told = health(project)
    assert code == 1
    lines = told.splitlines()
    head = next(at for at, line in enumerate(lines) if line.startswith("column"))
    assert re.match(r"a +training .*▁▁█ .*psi \S+ above 0.2", lines[head + 1])
    assert "next: look at a in the scored table; if it is right: goldloop train model" in told
    code, told = health(project, "--json")
    assert code == 1
    (document,) = json.loads(told)
    assert document["alarms"][0]["column_name"] == "a"
    assert document["champion"] == "model@1"
    assert len(document["history"]["a"]) == 3


def test_a_model_that_never_scored_or_has_no_champion_is_told_what_to_do(
    published: Callable[..., Path],
) -> None:
    assert "has not scored yet" in health(published(lambda world: world.train(WEEKS)))[1]


def test_a_version_without_a_reference_is_told_what_to_do(published: Callable[..., Path]) -> None:
    def make(world: World) -> None:
        scored("a")(world)
        world.sql("delete from ml.profile_metrics where data = 'training'")

    assert "goldloop train model (keeps its training set" in health(published(make))[1]


def test_an_unknown_model_is_refused_with_the_nearest(published: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="'modle' is no ML model of .*; it has: model"):
        health(published(lambda world: None), "modle")
