"""The commands about releases as a person types them, on a project that needs no dbt for them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dataops.warehouse import Warehouse
from ml.errors import GoldloopError
from orchestration.cli.main import app

NOW = datetime.now(UTC)


def call(project: Path, *words: str) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["--project-dir", str(project), *words])
    if result.exception:
        raise result.exception
    return result.output


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dbt_project.yml").write_text("name: p\n")
    warehouse = Warehouse(tmp_path / "warehouse")
    for number in (1, 2):
        candidate = warehouse.open(f"run-{number}")
        with warehouse.connect() as connection:
            connection.execute("create or replace table t as from range(?)", [number * 1000])
        facts = {"code_version": "abcdef1234567", "models": {"m": number}}
        checks = {"checks": {"passed": 5, "warned": number - 1, "failed": 0}}
        candidate.publish(facts | checks, NOW + timedelta(seconds=number))
    return tmp_path


def ids(project: Path) -> list[str]:
    return [release.id for release in Warehouse(project / "warehouse").releases()]


def test_releases_are_listed_with_their_change_and_which_is_current(project: Path) -> None:
    second, first = ids(project)
    lines = call(project, "releases").splitlines()
    [line] = [line for line in lines if second in line]
    assert "●" in line
    for shown in ("abcdef12", "2,000", "+1,000"):
        assert shown in line
    [line] = [line for line in lines if first in line]
    assert "●" not in line
    [newest, oldest] = json.loads(call(project, "releases", "--json"))
    assert (newest["is_current"], oldest["is_current"]) == (True, False)
    assert newest["parent"] == oldest["id"]


def test_a_rollback_says_how_to_go_forward_again(project: Path) -> None:
    second, first = ids(project)
    output = call(project, "rollback").replace("\n", " ")
    assert f"readers see {first}" in output
    assert f"goldloop rollback --to {second}" in output
    status = json.loads(call(project, "status", "--json"))
    assert (status["release"], status["newer"]) == (first, second)
    assert f"to return: goldloop rollback --to {second}" in call(project, "status")
    call(project, "rollback", "--to", second)
    status = json.loads(call(project, "status", "--json"))
    assert (status["release"], status["newer"]) == (second, None)


def test_a_kept_release_is_shown_and_outlives_pruning(project: Path) -> None:
    second, first = ids(project)
    call(project, "releases", "keep", first, "--why", "audit")
    assert "kept: audit" in call(project, "releases").replace("\n", " ")
    call(project, "releases", "prune", "--last", "1")
    assert ids(project) == [second, first]
    call(project, "releases", "unkeep", first)
    assert "1 releases removed" in call(project, "releases", "prune", "--last", "1")
    assert ids(project) == [second]


def test_status_says_why_the_release_is_not_newer(project: Path) -> None:
    warehouse = Warehouse(project / "warehouse")
    assert "next: goldloop releases" in call(project, "status")
    candidate = warehouse.open("run-3")
    from dataops.ledger import Event

    warehouse.ledger.append(Event(kind="run", outcome="failed", run="run-3", message="m"))
    candidate.quarantine(["check failed: t: volume"], NOW + timedelta(minutes=1))
    output = call(project, "status")
    assert "run run-3 failed" in output
    assert "check failed: t: volume" in output
    document = json.loads(call(project, "status", "--json"))
    assert document["is_stale"]
    assert document["refused"][0]["reasons"] == ["check failed: t: volume"]


def test_status_names_the_run_at_work(project: Path) -> None:
    candidate = Warehouse(project / "warehouse").open("run-3")
    assert "a run is open: run run-3" in call(project, "status")
    candidate.discard()


def test_the_doctor_ends_with_an_error_only_when_a_person_has_to_act(project: Path) -> None:
    assert "nothing is wrong" in call(project, "doctor", "--deep")
    (project / "warehouse" / "candidates" / "dead").mkdir(parents=True)
    assert "left by a run" in call(project, "doctor").replace("\n", " ")
    (project / "warehouse" / "current").unlink()
    with pytest.raises(GoldloopError, match="1 of these need you"):
        call(project, "doctor")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rollback", "--to", "x"), "'x' names no release"),
        (("releases", "keep", "2"), "names several releases"),
        (("releases", "prune", "--last", "0"), "allowed: 1 or more"),
    ],
)
def test_wrong_use_is_answered_with_what_there_is(
    project: Path, words: tuple[str, ...], told: str
) -> None:
    with pytest.raises(GoldloopError, match=told) as caught:
        call(project, *words)
    assert caught.value.exit_code == 2
