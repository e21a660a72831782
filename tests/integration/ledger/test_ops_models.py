"""The models of `models/ops` on a ledger as runs write it, against what a loop makes of it."""

import json
import random
import shutil
import statistics
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dataops.ledger import Event, Ledger
from tests.integration.sql import scratch
from tests.integration.sql.scratch import Scratch

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]
BEGIN = datetime(2025, 3, 1, tzinfo=UTC)
PARTS = ["macros", "orchestration/dbt_plugin/macros", "models/ops"]
PARTS += ["models/bronze/ops", "tests/dbt/generic"]
RUNS = 30

Rows = list[dict[str, Any]]


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def one_run(chance: random.Random, number: int, parent: str | None) -> list[Event]:
    """The events of a run: three assets with a check each, and a release unless one failed."""
    run, began, clock = f"R{number:02}", number * 1000.0, number * 1000.0
    events = [Event("run", "started", run=run, parent=parent, started_at=at(began))]
    for name in ("gold.a", "gold.b", "gold.c"):
        seconds = chance.randrange(1, 200) / 8
        outcome = chance.choices(["succeeded", "failed", "skipped"], [8, 1, 1])[0]
        facts = {"started_at": at(clock), "ended_at": at(clock + seconds)}
        if outcome == "succeeded":
            facts |= {"rows": chance.randrange(100), "cpu_seconds": seconds / 2}
        events.append(Event("asset", outcome, run=run, asset=name, **facts))
        clock += seconds
        verdict = chance.choices(["passed", "warned", "failed", "not_run"], [6, 1, 1, 1])[0]
        events.append(Event("check", verdict, run=run, asset=name, name="rows", ended_at=at(clock)))
    bad = any(event.outcome in ("failed", "skipped", "not_run") for event in events)
    if bad:
        events.append(Event("release", "quarantined", run=run, name="q", message="a check failed"))
    else:
        events.append(Event("release", "published", run=run, release=f"L{number:02}", rows=number))
    if number % 10 != 7:
        outcome = "failed" if bad else "succeeded"
        events.append(Event("run", outcome, run=run, started_at=at(began), ended_at=at(clock)))
    return events


@pytest.fixture(scope="module")
def written() -> list[Event]:
    chance, parent = random.Random(7), None
    events: list[Event] = []
    for number in range(RUNS):
        events += one_run(chance, number, parent)
        parent = next((e.release for e in reversed(events) if e.release), None)
    return events


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, written: list[Event]) -> Scratch:
    """A project with the models of `ops` only, built and tested, unit tests included."""
    folder = tmp_path_factory.mktemp("ops")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / "project" / part)
    shutil.copy(ROOT / "dbt_project.yml", folder / "project")
    ledger = Ledger(folder / "ledger")
    for moment, event in enumerate(written):
        ledger.append(event, now=at(moment))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scratch, "PROJECT", folder / "project")
        project = Scratch(folder)
        with duckdb.connect(str(project.warehouse)) as connection:
            ledger.load(connection)
        project.dbt("build")
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    # These tests only warn: a warning must not pass for what holds.
    assert {result["status"] for result in results} == {"success", "pass"}
    return project


def test_runs_end_as_the_ledger_says(built: Scratch, written: list[Event]) -> None:
    expected = {}
    for number in range(RUNS):
        run = f"R{number:02}"
        mine = [event for event in written if event.run == run]
        published = [event.release for event in mine if event.outcome == "published"]
        made = [event for event in mine if event.kind == "asset" and event.outcome == "succeeded"]
        bad = [e for e in mine if e.kind == "check" and e.outcome in ("failed", "not_run")]
        silent = "succeeded" if published else "died"
        last = mine[-1].outcome if mine[-1].kind == "run" else silent
        release = published[0] if published else None
        rows = sum(event.rows or 0 for event in made) if made else None
        expected[run] = (last, release, mine[0].parent, len(made), 3, len(bad), rows)
    found = {
        row["run_id"]: (
            row["outcome"],
            row["release_id"],
            row["parent_release_id"],
            row["assets"],
            row["checks"],
            row["failed_checks"],
            row["row_count"],
        )
        for row in built.rows("select * from ops.ops_runs")
    }
    assert found == expected
    assert {row[0] for row in expected.values()} == {"succeeded", "failed", "died"}


def test_usual_seconds_are_the_median_of_the_builds_before(
    built: Scratch, written: list[Event]
) -> None:
    earlier: dict[str, list[Event]] = defaultdict(list)
    compared = 0
    found = {
        (row["run_id"], row["asset_name"]): row
        for row in built.rows("select * from ops.ops_assets")
    }
    for event in written:
        if event.kind != "asset":
            continue
        row, before = found.pop((event.run, event.asset)), earlier[event.asset or ""]
        seconds = [seconds_of(each) for each in before[-20:]]
        assert row["elapsed_seconds"] == seconds_of(event)
        assert row["usual_seconds"] == (statistics.median(seconds) if seconds else None)
        known = event.rows is not None and before
        assert row["row_count_change"] == (event.rows - before[-1].rows if known else None)
        compared += len(seconds) == 20
        if event.outcome == "succeeded":
            before.append(event)
    assert found == {}
    assert compared > 5


def by_asset(rows: Rows) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["run_id"], row["asset_name"]): row for row in rows}


def seconds_of(event: Event) -> float:
    assert event.ended_at
    assert event.started_at
    return (event.ended_at - event.started_at).total_seconds()


def test_a_check_knows_how_long_it_has_been_failing(built: Scratch, written: list[Event]) -> None:
    streak: dict[str, list[datetime]] = defaultdict(list)
    found = {
        (row["run_id"], row["asset_name"]): row
        for row in built.rows("select * from ops.ops_checks")
    }
    for event in written:
        if event.kind != "check":
            continue
        moment = event.ended_at.replace(tzinfo=None)
        failing = streak[event.asset]
        failing[:] = [] if event.outcome == "passed" else [*failing, moment]
        row = found.pop((event.run, event.asset))
        assert row["runs_failing"] == len(failing)
        assert row["failing_since_at"] == (failing[0] if failing else None)
    assert found == {}


def test_each_release_is_current_until_the_next(built: Scratch, written: list[Event]) -> None:
    moments = [(n, e.release) for n, e in enumerate(written) if e.outcome == "published"]
    rows = built.rows("select * from ops.ops_releases order by published_at")
    assert [row["release_id"] for row in rows] == [release for _, release in moments]
    spans = [
        later - earlier for (earlier, _), (later, _) in zip(moments, moments[1:], strict=False)
    ]
    assert [row["current_seconds"] for row in rows] == [*spans, None]
    assert [row["is_current"] for row in rows] == [False] * len(spans) + [True]
