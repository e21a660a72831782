"""Trivago: real clicks, sessions and behaviour held against loops over the file's own rows."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.long

SEARCHES = {"search for destination", "search for item", "search for poi"}
LOOKS = {f"interaction item {what}" for what in ("image", "info", "rating", "deals")}


@pytest.fixture(scope="module")
def landing(real_data) -> Path:
    return real_data("trivago_clickstream")


@pytest.fixture(scope="module")
def by_visitor(landing) -> dict[str, list[dict[str, Any]]]:
    """Every action of each visitor in order, by another reader than the example's."""
    (path,) = landing.glob("*.parquet")
    names = ["user_id", "session_id", "timestamp", "step", "action_type", "reference"]
    found = defaultdict(list)
    for row in pq.read_table(path, columns=names).to_pylist():
        row["event_id"] = f"{row['session_id']}-{row['step']}-{row['timestamp']}"
        found[row["user_id"]].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row["timestamp"], row["event_id"]))
    return found


@pytest.fixture(scope="module")
def runs(by_visitor) -> list[list[dict[str, Any]]]:
    """The actions of each session: no silence longer than half an hour."""
    found = []
    for rows in by_visitor.values():
        for place, row in enumerate(rows):
            if place and row["timestamp"] - rows[place - 1]["timestamp"] <= 1800:
                found[-1].append(row)
            else:
                found.append([row])
    return found


@pytest.fixture(scope="module")
def project(landing, copy_example, run_loop, goldloop) -> Path:
    folder = copy_example("trivago_clickstream")
    installed = goldloop("features", "install", project=folder)
    assert installed.returncode == 0, installed.stderr
    run_loop(folder, landing)
    return folder


@pytest.fixture
def warehouse(project, read_current) -> Iterator[duckdb.DuckDBPyConnection]:
    with read_current(project) as connection:
        yield connection


def test_every_event_is_in_a_session_or_a_dead_letter(warehouse):
    actions, dead, counted = warehouse.sql(
        "select (select count(*) from silver.slv_clicks__actions), "
        "(select count(*) from silver.slv_clicks__dead_letters), "
        "(select sum(session_events) from silver.slv_clicks__sessions)"
    ).fetchone()
    assert (actions + dead, counted + dead) == (100_003, 100_003)
    assert warehouse.sql("select count(*) from landing.rejects").fetchone() == (0,)


def test_sessions_are_those_of_a_loop(warehouse, runs):
    told = defaultdict(list)
    for event_id, session_id in warehouse.sql(
        "select event_id, session_id from silver.slv_clicks__actions "
        "order by session_id, session_event_number"
    ).fetchall():
        told[session_id].append(event_id)
    assert sorted(told.values()) == sorted([row["event_id"] for row in run] for run in runs)


def test_bots_are_those_of_a_loop_and_stay_in(warehouse, runs):
    reasons = Counter()
    for run in runs:
        times = [row["timestamp"] for row in run]
        most = max(sum(at - 60 <= before <= at for before in times)
                   for place, at in enumerate(times))  # fmt: skip
        reasons["per_minute" if most > 60 else "per_session" if len(run) > 500 else None] += 1
    told = warehouse.sql(
        "select bot_reason, count(*) from silver.slv_clicks__sessions group by all"
    ).fetchall()
    assert dict(told) == reasons


def test_features_are_those_of_a_loop(warehouse, by_visitor):
    columns = [
        "user_id", "epoch(as_of)::bigint", "actions", "actions_1m", "clickouts",
        "since_clickout_seconds", "searches", "hotels", "images_seconds",
    ]  # fmt: skip
    told = warehouse.sql(f"select {', '.join(columns)} from gold.ftr_visitors").fetchall()
    assert len(told) == warehouse.sql("from silver.slv_clicks__moments").count("*").fetchone()[0]
    for visitor, moment, *features in told[::7]:
        before = [row for row in by_visitor[visitor] if row["timestamp"] < moment]
        day = [row for row in before if row["timestamp"] >= moment - 86_400]
        half = [row for row in before if row["timestamp"] >= moment - 1_800]
        offers = [row["timestamp"] for row in day if row["action_type"] == "clickout item"]
        assert features == [
            len(day),
            sum(row["timestamp"] >= moment - 60 for row in before),
            len(offers),
            moment - max(offers) if offers else None,
            sum(row["action_type"] in SEARCHES for row in half),
            len({row["reference"] for row in half if row["action_type"] in LOOKS}),
            pytest.approx(spent_over_images(before, moment - 1_800)),
        ]


def spent_over_images(before: list[dict[str, Any]], begin: int) -> int:
    """Of actions of one second the last by name is the one that time is spent on."""
    ordered = sorted(before, key=lambda row: (row["timestamp"], row["action_type"]))
    return sum(
        after["timestamp"] - row["timestamp"]
        for row, after in zip(ordered, ordered[1:], strict=False)
        if row["action_type"] == "interaction item image" and row["timestamp"] >= begin
        if after["timestamp"] - row["timestamp"] <= 1_800
    )


def test_a_label_is_what_came_after_the_moment(warehouse, runs):
    wanted = {}
    for run in runs:
        if len(run) >= 5:
            moment = run[4]["timestamp"] + 1
            wanted[run[0]["event_id"]] = any(
                row["action_type"] == "clickout item" and row["timestamp"] >= moment for row in run
            )
    told = dict(
        warehouse.sql(
            "select first.event_id, is_clickout from gold.trn_clickout "
            "inner join silver.slv_clicks__actions as first using (session_id) "
            "where first.session_event_number = 1"
        ).fetchall()
    )
    assert told.items() <= wanted.items()
    assert len(told) > 3_000


def test_the_model_beats_who_has_opened_none(warehouse):
    ours, baseline = warehouse.sql(
        "select max(value) filter (data = 'test'), max(value) filter (data = 'baseline') "
        "from ml.evaluations where metric = 'roc_auc' and segment = 'all'"
    ).fetchone()
    assert ours > baseline + 0.03
    assert ours > 0.82


def test_the_kinds_of_sessions_are_described_and_each_session_has_one(warehouse):
    kinds = warehouse.sql("select distinct cluster, rows from ml.cluster_profiles").fetchall()
    assert len(kinds) >= 3
    scored, sessions, told = warehouse.sql(
        "select (select count(*) from predictions.session_kind), "
        "(select count(*) from gold.ftr_sessions), "
        "(select count(distinct prediction) from predictions.session_kind)"
    ).fetchone()
    assert (scored, told) == (sessions, len(kinds))
