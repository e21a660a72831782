"""Feature views joined by hand: values that a view learnt later are refused."""

from pathlib import Path
from typing import Any

import pytest

from dataops.sandbox import borrowed
from ml.leaks.guard import Leak
from orchestration.leaks import check_origins, relations_read
from tests.unit.leaky_project import SQL, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


BY_HAND = """
with labels as (select id, a, day, ended_at < day + 30 as y from silver.plans),
calls as (select id as caller, "at" as asked, calls as many from gold.ftr_calls)
select labels.*, calls.many as x from labels inner join calls on calls.caller = labels.id
"""


def joined_by_hand(project: Project, sql: str, guard: dict[str, Any] | None = None) -> None:
    project.sql["gold.trn"] = sql
    project.build()
    project.spec = project.declared(guard, {})
    check_origins(project.manifest, [project.target], project.conn, project.spec)


def test_values_that_a_view_learnt_later_are_refused_when_joined_by_hand(project: Project) -> None:
    with pytest.raises(Leak) as caught:
        joined_by_hand(project, BY_HAND)
    for part in (
        "gold.trn has values that its feature view learnt after 'day'",
        "feature 'x' (trn.x ← ftr_calls.calls) in 4,000 rows",
        "first known 2025-01-02 for id ", "at 2025-01-01", "join the view by training_set",
    ):  # fmt: skip
        assert part in str(caught.value)
    joined_by_hand(project, BY_HAND, {"allow": {"x": "it is known before it lands"}})


def test_a_view_that_a_sandbox_has_not_built_is_looked_up_in_its_base(project: Project) -> None:
    project.sql["gold.ftr_calls"] = SQL["gold.ftr_calls"].replace("silver", "warehouse.silver")
    project.sql["gold.trn"] = BY_HAND
    project.build()
    project.spec = project.declared(None, {})
    project.conn.execute("attach ':memory:' as sandbox; create schema sandbox.gold")
    project.conn.execute("create table sandbox.gold.trn as from gold.trn; use sandbox")
    lent = borrowed(project.conn, relations_read(project.manifest, project.spec))
    with lent, pytest.raises(Leak, match=r"feature 'x' \(trn.x ← ftr_calls.calls\) in 4,000 rows"):
        check_origins(project.manifest, [project.target], project.conn, project.spec)


@pytest.mark.parametrize("copied", ["::integer", "::decimal(12, 2)", "::float", "::varchar"])
def test_values_that_a_view_learnt_later_are_refused_in_whatever_type_they_are_copied(
    project: Project, copied: str
) -> None:
    with pytest.raises(Leak, match="feature 'x'"):
        joined_by_hand(project, BY_HAND.replace("calls.many as x", f"calls.many{copied} as x"))


def test_values_that_a_view_knew_in_time_pass(project: Project) -> None:
    project.sql["gold.ftr_calls"] = SQL["gold.ftr_calls"].replace("told_at", "day")
    joined_by_hand(project, BY_HAND)


@pytest.mark.parametrize("computed", ["-calls.many", "calls.many + 1", "coalesce(calls.many, 0)"])
def test_values_that_are_not_a_late_views_own_are_not_looked_up(
    project: Project, computed: str
) -> None:
    joined_by_hand(project, BY_HAND.replace("calls.many as x", f"{computed} as x"))


def test_rows_joined_by_hand_and_cut_in_time_pass(project: Project) -> None:
    cut = BY_HAND.replace(
        "calls.caller = labels.id", "calls.caller = labels.id - 20 and calls.asked < labels.day"
    )
    joined_by_hand(project, cut)
    # A value that the entity had in time as well is not told from a later one.
    project.sql["gold.ftr_calls"] = (
        SQL["gold.ftr_calls"] + " union all select id, day - 9, day - 9, a from silver.plans"
    )
    joined_by_hand(project, BY_HAND + " and calls.asked = labels.day")


@pytest.mark.parametrize("time", ["known_at", '"at"'])
def test_a_row_that_is_the_views_own_is_not_looked_up(project: Project, time: str) -> None:
    """The training set's rows are the events themselves, at their own time: nothing is joined."""
    project.sql["gold.trn"] = (
        f"select calls.id, calls.{time} as day, calls.calls as x, plans.ended_at < day + 30 as y "
        "from gold.ftr_calls as calls inner join silver.plans as plans on plans.id = calls.id"
    )
    project.build()
    project.spec = project.declared(None, {})
    project.conn.execute("create table kept as from gold.trn; drop view gold.trn")
    project.conn.execute("create table gold.trn as from kept; drop view gold.ftr_calls")
    check_origins(project.manifest, [project.target], project.conn, project.spec)
