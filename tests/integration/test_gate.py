"""What may be published: planted faults in a small job that runs under the real executor."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from dataops.warehouse import Warehouse
from orchestration.project import Project
from orchestration.run.dead_runs import alive
from orchestration.run.executor import releasing_executor

pytestmark = pytest.mark.long

QUIET = {"telemetry": {"enabled": False}}
REASONS = {
    "fails": "check failed: table: holds",
    "raises": "step table: ValueError: planted",
    "no check": "check holds of table did not run",
    "no table": "asset table was not built",
}


def gate_job(home: str, fault: str) -> dg.JobDefinition:
    """Build a job of one asset with one check that goes wrong as ``fault`` says."""
    project = Project(Path.cwd(), Path(home), Path.cwd())

    @dg.multi_asset(
        specs=[dg.AssetSpec("table", skippable=fault == "no table")],
        check_specs=[dg.AssetCheckSpec("holds", asset="table")],
        can_subset=True,
    )
    def table() -> Iterator[object]:
        with project.warehouse.connect() as connection:
            connection.execute("create or replace table t as select ? as fault", [fault])
        if fault == "raises":
            raise ValueError("planted")
        if fault != "no table":
            yield dg.MaterializeResult(asset_key="table")
        if fault not in ("no check", "no table"):
            severity = dg.AssetCheckSeverity.WARN if fault == "warns" else None
            yield dg.AssetCheckResult(
                asset_key="table",
                passed=fault == "none",
                severity=severity or dg.AssetCheckSeverity.ERROR,
            )

    loop = dg.define_asset_job("loop", executor_def=releasing_executor(project))
    return dg.Definitions(assets=[table], jobs=[loop]).resolve_job_def("loop")


def execute(home: Path, fault: str, instance: dg.DagsterInstance) -> bool:
    job = dg.build_reconstructable_job(__name__, "gate_job", (str(home), fault))
    return dg.execute_job(job, instance, raise_on_error=False).success


def instance_of(home: Path) -> dg.DagsterInstance:
    (home / "dagster").mkdir(parents=True, exist_ok=True)
    return dg.DagsterInstance.local_temp(str(home / "dagster"), overrides=QUIET)


def run(home: Path, fault: str) -> tuple[bool, str | None]:
    with instance_of(home) as instance:
        success = execute(home, fault, instance)
    current = home / "current" / "warehouse.duckdb"
    if not current.exists():
        return success, None
    with duckdb.connect(str(current.resolve()), read_only=True) as connection:
        return success, connection.execute("select fault from t").fetchall()[0][0]


@pytest.mark.parametrize("fault", ["none", "warns"])
def test_a_run_that_did_all_it_planned_is_published(tmp_path: Path, fault: str) -> None:
    assert run(tmp_path, fault) == (True, fault)


@pytest.mark.parametrize("fault", list(REASONS))
def test_a_run_that_fell_short_leaves_the_current_release_untouched(
    tmp_path: Path, fault: str
) -> None:
    assert run(tmp_path, "none") == (True, "none")
    release = (tmp_path / "current").readlink()
    assert run(tmp_path, fault) == (False, "none")
    assert (tmp_path / "current").readlink() == release
    assert not any((tmp_path / "candidates").iterdir())
    assert not (tmp_path / "candidate").exists()
    warehouse = Warehouse(tmp_path)
    [kept] = warehouse.quarantined()
    assert REASONS[fault] in kept.reasons[0]
    [*_, ended] = warehouse.ledger.events(kind="run", run=kept.run)
    assert (ended.outcome, ended.parent) == ("failed", release.name)


def test_runs_of_processes_that_died_are_reported_failed(tmp_path: Path) -> None:
    with instance_of(tmp_path) as instance:
        job = gate_job(str(tmp_path), "none")
        dead = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        assert execute(tmp_path, "none", instance)
        found = instance.get_run_by_id(dead.run_id)
    assert found is not None
    assert found.status == dg.DagsterRunStatus.FAILURE


def test_a_run_that_waits_for_its_turn_is_not_taken_for_dead(tmp_path: Path) -> None:
    with instance_of(tmp_path) as instance:
        job = gate_job(str(tmp_path), "none")
        waiting = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        with alive(tmp_path, waiting.run_id):
            assert execute(tmp_path, "none", instance)
        found = instance.get_run_by_id(waiting.run_id)
    assert found is not None
    assert found.status == dg.DagsterRunStatus.STARTED


def test_a_failed_run_cannot_be_resumed_for_its_tables_are_not_in_the_release(
    tmp_path: Path,
) -> None:
    with instance_of(tmp_path) as instance:
        job = dg.build_reconstructable_job(__name__, "gate_job", (str(tmp_path), "none"))
        result = dg.execute_job(
            job, instance, raise_on_error=False, tags={"dagster/is_resume_retry": "true"}
        )
        assert not result.success
    assert not (tmp_path / "current").exists()


def test_the_ledger_tells_what_a_run_made_checked_and_cost(tmp_path: Path) -> None:
    run(tmp_path, "none")
    [started, asset, check, release, ended] = Warehouse(tmp_path).ledger.events()
    assert [each.kind for each in (started, asset, check, release, ended)] == [
        "run", "asset", "check", "release", "run",
    ]  # fmt: skip
    assert len({each.run for each in (started, asset, check, release, ended)}) == 1
    assert (asset.asset, asset.outcome, check.name, check.outcome) == (
        "table", "succeeded", "holds", "passed",
    )  # fmt: skip
    assert ended.release == release.release
    assert ended.cpu_seconds is not None
    assert ended.cpu_seconds > 0
    assert ended.peak_memory_bytes is not None
    assert ended.peak_memory_bytes > 50_000_000
    assert ended.started_at is not None
    assert asset.started_at is not None
    assert ended.started_at <= asset.started_at
