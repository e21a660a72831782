"""A warehouse of ratings and of series, some of them odd, with declarations that fit them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb

from ml.relation import Relation
from ml.spec import ModelSpec, parse_spec
from ml.versions.provenance import Provenance

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BY = Provenance("run-1", "release-1", "commit-1")
RELATIONS = {name: Relation("gold", name) for name in ("ratings", "users", "sales")}
PROBLEM = {"question": "q", "decision": "d"}


def people_and_shops() -> duckdb.DuckDBPyConnection:
    """Users like the items of their own third; two users are in no rating; six odd series."""
    found = duckdb.connect()
    found.execute("create schema gold")
    found.execute(
        """
        create table gold.ratings as
        select
            u as "the user", 'item ' || i as item,
            case when hash(u, i) % 40 = 0 then 'nan'::double
                else 1 + (u % 3 = i % 3)::int * 3 + hash(u, i, 'n') % 2 end as stars,
            timestamp '2025-01-01' + to_hours((hash(u, i, 't') % 5000)::int) as at
        from range(80) as users(u), range(40) as items(i)
        where hash(u, i, 'w') % 3 = 0
        """
    )
    found.execute(
        """create table gold.users as
        select u as "the user", date '2025-12-01' as day from range(82) as t(u)"""
    )
    found.execute(
        """
        create table gold.sales as
        select 'plain' as shop, date '2025-01-01' + i::int as day,
            10 + i % 7 * 2 + (hash(i) % 3)::int as y from range(120) as t(i)
        union all select 'gap', date '2025-01-01' + i::int, i % 7 + i / 50
            from range(120) as t(i) where i <> 50
        union all select 'same', date '2025-01-01' + i::int, 5 from range(60) as t(i)
        union all select 'one', date '2025-01-05', 3
        union all select 'twice', date '2025-01-01' + (i // 2)::int, i from range(30) as t(i)
        """
    )
    return found


def recommender(changes: Mapping[str, Any] | None = None, **success: Any) -> ModelSpec:
    meta = {
        "problem": {**PROBLEM, "success": [success or {"metric": "rmse", "beats_baseline_by": 0}]},
        "train": {
            "on": "ratings",
            "key": ["the user", "item"],
            "item": "item",
            "rating": "stars",
            "time": "at",
        },
        "estimator": {
            "preset": "matrix_factorization",
            "params": {"factors": 4, "regularization": 1, **(changes or {})},
        },
        "score": {"on": "users", "key": ["the user"], "time": "day", "top": 5},
    }
    return parse_spec("rec", meta, file="m.yml")


def forecaster(preset: str = "seasonal_naive", **series: Any) -> ModelSpec:
    meta = {
        "problem": {**PROBLEM, "success": [{"metric": "mase", "beats_baseline_by": -9}]},
        "train": {
            "on": "sales",
            "label": "y",
            "key": ["shop"],
            "time": "day",
            "series": {"every": "day", "horizon": 7, "windows": 2, **series},
        },
        "estimator": {"preset": preset, "params": {"season_length": 7}},
        "score": {"on": "sales", "key": ["shop"], "time": "day"},
    }
    return parse_spec("fore", meta, file="m.yml")
