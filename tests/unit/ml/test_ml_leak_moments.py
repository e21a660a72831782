"""Times after the time a row is as of."""

import pytest

from ml.errors import UsageError
from ml.leaks.guard import Leak
from ml.train import train
from tests.unit.ml.world import NOW, Provenance, World

KNOWN = {"train.known": ["seen"]}
READS = {"train.features": {"exclude": ["seen"]},
         "train.transform": {"age": "datediff('day', day, seen) + a"}}  # fmt: skip


def seen(world: World, sql: str) -> World:
    world.sql("create table if not exists gold.plain as from gold.trn")
    world.sql(f"create or replace table gold.trn as select *, {sql} as seen from gold.plain")
    world.sql("create or replace table gold.ftr as select * exclude (y) from gold.trn")
    return world


@pytest.mark.parametrize(
    "sql",
    [
        "day - 1",
        "day",
        "cast(day as timestamp)",
        "cast(day as timestamp) at time zone 'UTC'",
        "case when id > 'K0300' then day end",
        "'-infinity'::timestamp",
    ],
)
def test_what_was_known_by_then_trains_and_is_no_feature(world, sql):
    made = seen(world, sql).train(KNOWN)
    assert "seen" not in made.features
    assert world.score(KNOWN).rows == 600


@pytest.mark.parametrize(
    ("sql", "count", "met"),
    [
        ("case when id >= 'K0590' then day + 1 else day end", 10, "2025-01-02 at 2025-01-01"),
        ("day + interval 1 microsecond", 600, "2025-01-01 00:00:00.000001 at 2025-01-01"),
        ("'infinity'::timestamp", 600, "infinity at 2025-01-01"),
    ],
)
def test_what_was_known_later_is_refused_with_a_count_and_a_row(world, sql, count, met):
    with pytest.raises(Leak) as caught:
        seen(world, sql).train(KNOWN)
    told = str(caught.value)
    first = "K0590" if count == 10 else "K0000"
    parts = (
        f"'seen' (train.known names it) lies after it in {count} of 600 rows",
        f"{met} ",
        f"of id {first}",
        "allowed: up to 'day'",
        " — ",
        "dbt build --select trn",
    )
    for part in parts:
        assert part in told
    assert caught.value.columns == ("seen",)


def test_a_time_that_a_transform_reads_is_held_against_the_rows_day(world):
    assert seen(world, "day + interval 23 hour").train(READS).version == 1
    with pytest.raises(
        Leak, match=r"'seen' \(train\.transform\.age reads it\) lies after it in 600"
    ):
        seen(world, "day + 1").train(READS)


def test_a_plan_may_lie_in_the_future(world):
    world = seen(world, "day + 30")
    assert world.train(READS | {"train.leak_guard": {"future": ["seen"]}}).version == 1


def test_a_time_that_nothing_reads_is_not_looked_at(world):
    assert seen(world, "day + 30").train({"train.features": {"exclude": ["seen"]}}).version == 1


def test_the_known_time_of_a_view_is_held_against_the_time_though_nobody_names_it(world):
    spec = seen(world, "day + 1").spec({"train.features": {"exclude": ["seen"]}})
    provenance = Provenance("run-1", "release-1", "commit-1")
    with pytest.raises(Leak, match=r"'seen' \(it is the known time of ftr_calls\) lies after"):
        train(world.conn, spec, world.relations, provenance, now=NOW,
              known={"seen": "the known time of ftr_calls"})  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train.known": ["sen"]}, "train.known names 'sen', which is not a column"),
        ({"train.known": ["a"]}, "train.known names 'a', which is DOUBLE"),
        ({"train.leak_guard": {"future": ["a"]}}, "train.leak_guard.future names 'a'"),
        ({"train.known": ["day"]}, "train.known names day, which is also the label, the key"),
        ({"train.known": ["seen"], "train.leak_guard": {"future": ["seen"]}}, "names seen"),
        (
            {"train.time": None, "train.split": {"by": "random"}, "train.known": ["seen"]},
            "train.known names seen, but train.time is missing",
        ),
        (
            {"train.known": ["seen"], "train.features": {"include": ["seen"]}},
            "include names 'seen'",
        ),
    ],
)
def test_a_time_declared_wrongly_is_refused(world, changes, told):
    with pytest.raises(UsageError, match=told.replace(".", r"\.")):
        seen(world, "day").train(changes)
