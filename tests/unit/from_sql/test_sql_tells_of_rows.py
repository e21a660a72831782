"""The function that ``ml_predict`` calls tells what scoring writes, whatever the features are."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.dbt_plugin import Plugin
from orchestration.dbt_plugin.asking import predict
from tests.unit.ml.world import World, small_world

MANY, FEW = 25_000, 600


@pytest.fixture(params=[MANY, FEW], ids=["compiled", "as fitted"])
def world(request: pytest.FixtureRequest) -> World:
    made = small_world(duckdb.connect())
    made.sql(
        "create or replace table gold.ftr as select 'K' || i as id, a, "
        "case when i % 7 > 0 then b end as b, case when i % 5 > 0 then c end as c, d, day "
        f"from gold.ftr join range({request.param}) as t(i) on hash(i) % 600 = substr(id, 2)::int"
    )
    return made


def asked_sql(world: World, folder: Path) -> str:
    """The select of the function's word for each row, with the parts the macro is answered."""
    relation = {"database": "memory", "schema": "gold", "name": "ftr"}
    answer = predict(
        world.conn,
        {"macro": "ml_predict", "model": "model", "version": None, "database": "memory", "top": 0,
         "folder": str(folder), "relation": relation, "dry": False, "adds": [], "task": None,
         "zone": "UTC"},
    )  # fmt: skip
    call = f"goldloop_tell('{answer['key']}', {', '.join(answer['features'])})"
    return f"select id, day, {call} as told from gold.ftr"


def differing(world: World, sql: str) -> list[tuple[Any, ...]]:
    return world.sql(
        f"select count(*), count(*) filter (p.id is null or x.id is null "
        "or p.prediction is distinct from cast(x.told.prediction as boolean) "
        "or not p.score = x.told.score) from predictions.model as p full join "
        f"({sql}) as x on p.id = x.id and p.as_of_date = x.day"
    )


@pytest.mark.parametrize(
    "include",
    [["a", "b", "c", "d"], ["c", "a", "d"], ["c"], ["b"]],
    ids=["numbers and a text", "a text first", "a text alone", "a number alone"],
)
def test_a_function_of_sql_tells_bit_for_bit_what_scoring_writes(
    world: World, tmp_path: Path, include: list[str]
) -> None:
    changes = {
        "train.features": {"include": include},
        "problem.success": [{"metric": "roc_auc", "at_least": 0.3}],
    }
    world.sql("update gold.ftr set a = 'nan' where hash(id) % 11 = 0")
    assert world.train(changes).status == "champion"
    rows = world.score(changes).rows
    Plugin("ml", None, None).configure_connection(world.conn)
    assert differing(world, asked_sql(world, tmp_path)) == [(rows, 0)]


def test_an_infinite_number_is_refused_by_its_name(world: World, tmp_path: Path) -> None:
    world.train()
    Plugin("ml", None, None).configure_connection(world.conn)
    sql = asked_sql(world, tmp_path)
    world.sql("update gold.ftr set b = null")
    world.sql("alter table gold.ftr alter b type double")
    world.sql("update gold.ftr set b = '-infinity' where id = 'K7'")
    with pytest.raises(duckdb.Error, match="feature 'b' of model@1 is infinite in a row"):
        world.conn.execute(sql).fetchall()
