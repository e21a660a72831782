"""What the tests of monitoring ask of a small world: later weeks scored, and what was found."""

from datetime import date
from typing import Any

from ml.monitoring.watch import Watched, watch
from tests.unit.ml.world import NOW, World

WEEKS = {"monitor": {"psi": 0.2, "missing": 0.1, "window": "week"}}
LATER = date(2025, 4, 2)


def watched(world: World, changes: dict[str, Any], run: str = "run-1") -> Watched:
    return watch(world.conn, world.spec(changes), world.relations, run, now=NOW)


def score_later(world: World, changes: dict[str, Any], week: int, a: str = "a") -> None:
    """Score the rows of the training set as if they were those of a later week."""
    world.sql(
        f"create or replace table gold.ftr as select id, {a} as a, b, c, d, "
        f"date '{LATER}' + 7 * {week} as day from gold.trn"
    )
    world.score(changes)


def drift(world: World, where: str) -> list[tuple[Any, ...]]:
    return world.sql(
        "select column_name, psi, is_alarm, reason, rows, differ from ml.drift_metrics "
        f"where {where} order by column_name, segment"
    )


def late(world: World) -> None:
    """Leave the labels of the last two weeks out of the training set, for later."""
    world.sql("create table gold.labels as from gold.trn")
    world.sql("delete from gold.trn where day >= date '2025-02-26'")


def performance(world: World, kind: str) -> dict[str, tuple[Any, ...]]:
    rows = world.sql(
        "select metric, value, low, high, rows, predictions, reason from ml.performance "
        f"where kind = '{kind}'"
    )
    return {metric: tuple(rest) for metric, *rest in rows}
