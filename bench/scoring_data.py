"""The table the scoring benchmark scores, and the model it does so with."""

from typing import Any

import duckdb

from ml.relation import Relation
from ml.spec import ModelSpec, parse_spec

NUMBERS, CATEGORIES = 20, (12, 100)
TRAIN_ROWS = 50_000
_PARAMS: dict[str, dict[str, Any]] = {
    # Without early stopping there are as many trees as are asked for.
    "boosted_trees": {"max_iter": 100, "max_leaf_nodes": 31, "early_stopping": False},
    "logistic_regression": {},
}


def declared(preset: str) -> ModelSpec:
    """Return the declaration of the model ``bench_<preset>``."""
    meta = {
        "problem": {
            "question": "will it",
            "decision": "do it",
            "success": [{"metric": "roc_auc", "at_least": 0.6}],
        },
        "train": {
            "on": "trn",
            "label": "y",
            "key": ["id"],
            "time": "day",
            "split": {"by": "random", "test": 0.05},
        },
        "estimator": {"preset": preset, "params": _PARAMS[preset]},
        "score": {"on": "ftr", "key": ["id"], "time": "day"},
    }
    return parse_spec(f"bench_{preset}", meta, file="bench/scoring_data.py")


def relations() -> dict[str, Relation]:
    """Return where the tables are."""
    return {name: Relation("gold", name) for name in ("trn", "ftr")}


def write_tables(conn: duckdb.DuckDBPyConnection, rows: int, train: int = TRAIN_ROWS) -> None:
    """Write ``rows`` of numbers with a null in twenty and two categories, some with a label."""
    numbers = ", ".join(
        f"case when hash(i, 'null{at}') % 20 > 0 then (hash(i, 'n{at}') % 1000003) / 1000003.0 end "
        f"as n{at}"
        for at in range(NUMBERS)
    )
    texts = ", ".join(
        f"case when hash(i, 'no{at}') % 20 > 0 then 'value ' || hash(i, 't{at}') % {many} end "
        f"as t{at}"
        for at, many in enumerate(CATEGORIES)
    )
    signal = " + ".join(f"coalesce(n{at}, 0.5) * {at % 5 - 2}" for at in range(NUMBERS))
    label = f"{signal} + (hash(id) % 1000) / 500.0 + (t0 is not distinct from 'value 1')::integer"
    conn.execute("create schema gold")
    conn.execute(
        f"create table gold.ftr as select i as id, date '2026-01-01' as day, {numbers}, {texts} "
        f"from range({rows}) as t(i)"
    )
    conn.execute(
        f"create table gold.trn as select *, {label} > 1 as y from gold.ftr where id < {train}"
    )
