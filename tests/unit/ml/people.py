"""People, and a synthetic set of them, for the tests of made-up rows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb

from ml.relation import Relation
from ml.spec import ModelSpec, parse_spec
from ml.synthetic.declaration import SyntheticSet, parse_synthetic
from ml.synthetic.make import synthesise
from ml.synthetic.sets import Made
from ml.synthetic.trees import Drawn, draw
from ml.train import train
from ml.versions.provenance import Provenance
from ml.versions.registry import ModelVersion

NOW = datetime(2026, 11, 28)
RELATIONS = {name: Relation("gold", name) for name in ("people", "more", "scored")}
TRAIN = {"on": "people", "label": "left", "key": ["id"], "split": {"by": "random", "test": 0.25}}
PROBLEM = {"question": "?", "decision": "?"}


def people(connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyConnection:
    """Return a warehouse with 1,200 people: a text, a spike, a date, a name."""
    connection = connection or duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("create schema gold")
    connection.execute(
        """
        create table gold.people as
        with drawn as (
            select n, hash(n) % 1000 / 1000.0 as one, hash(n, 'b') % 1000 / 1000.0 as two
            from range(1200) as numbers (n)
        )
        select
            'p' || n as id,
            'name ' || n as name,
            case when one < 0.3 then 'north' when one < 0.8 then 'south' end as region,
            cast(case when two < 0.4 then 0 else 100 * one + 7 * two end as decimal(8, 2))
                as spent,
            date '2024-01-01' + cast(300 * two as integer) as since,
            cast(null as double) as empty,
            one + two + hash(n, 'c') % 1000 / 1000.0 > 1.6 as left
        from drawn
        """
    )
    return connection


def set_of(name: str = "synthetic_people", **more: Any) -> SyntheticSet:
    """Return the declaration of a set of these people, with ``more`` of its keys."""
    meta = {"synthetic": {"train": TRAIN, **more}}
    found = parse_synthetic({"name": name, "schema": "landing", "config": {"meta": meta}})
    assert found is not None
    return found


def make(
    conn: duckdb.DuckDBPyConnection,
    asked: SyntheticSet | None = None,
    relations: Mapping[str, Relation] = RELATIONS,
    **more: Any,
) -> Made:
    """Make the set ``asked``, or that of these people."""
    return synthesise(conn, asked or set_of(), relations, Provenance("run"), now=NOW, **more)


def spec_of(
    *, success: Any = ({"metric": "roc_auc", "at_least": 0.5},), **train_keys: Any
) -> ModelSpec:
    """Return a model that learns who left, or another label, from real and made-up people."""
    meta = {
        "problem": {**PROBLEM, "success": [*success]},
        "train": {**TRAIN, "on": "more", "features": {"include": ["region", "spent"]},
                  "synthetic": "is_synthetic", **train_keys},
        "estimator": {"preset": "boosted_trees", "params": {"max_iter": 20}},
        "score": {"on": "scored", "key": ["id"], "time": "since"},
    }  # fmt: skip
    return parse_spec("leaving", meta, file="leaving.yml")


def union(
    conn: duckdb.DuckDBPyConnection, mark: str = "is_synthetic", of: str = "synthetic_people"
) -> None:
    """Make ``gold.more`` of real and made-up people, these marked by the SQL ``mark``."""
    conn.execute(
        "create or replace table gold.more as select *, false as is_synthetic from gold.people "
        f"union all by name select * replace ({mark} as is_synthetic) from landing.{of}"
    )


def learn(conn: duckdb.DuckDBPyConnection, spec: ModelSpec) -> ModelVersion:
    """Train ``spec`` in this warehouse."""
    return train(conn, spec, RELATIONS, Provenance("run"), now=NOW)


def copying(share: float) -> Any:
    """Return a generator of which ``share`` of the rows are copies."""

    def copied(real: Any, nominal: Any, wanted: int, leaf: int, seed: int) -> Drawn:
        drawn = draw(real, nominal, wanted, leaf, seed)
        rows = drawn.rows.copy()
        rows[: int(share * wanted)] = real[: int(share * wanted)]
        return replace(drawn, rows=rows)

    return copied
