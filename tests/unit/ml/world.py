"""A small warehouse and a declaration that fits it, for the tests to spoil."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ml.relation import Relation
from ml.score import ScoreResult, score
from ml.spec import ModelSpec, parse_spec
from ml.train import train
from ml.versions.provenance import Provenance
from ml.versions.registry import ModelVersion

FILE = "models/gold/ml/model.yml"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DECLARED = {
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
        "split": {"by": "time", "test": 0.2},
    },
    "estimator": {"preset": "boosted_trees", "params": {"max_iter": 10}},
    "score": {"on": "ftr", "key": ["id"], "time": "day"},
}


def declare(changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The declaration above with dotted keys changed; a value of None takes the key away."""
    meta = copy.deepcopy(DECLARED)
    for path, value in (changes or {}).items():
        *above, last = path.split(".")
        here: Any = meta
        for step in above:
            here = here[int(step)] if isinstance(here, list) else here[step]
        if value is None:
            del here[last]
        else:
            here[last] = value
    return meta


@dataclass
class World:
    """A warehouse in memory with a training set, gold.trn, and a table to score, gold.ftr."""

    conn: duckdb.DuckDBPyConnection
    name: str = "model"
    changes: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    trust: tuple[str, ...] = ()
    relations: dict[str, Relation] = field(
        default_factory=lambda: {name: Relation("gold", name) for name in ("trn", "ftr")}
    )

    def spec(self, changes: Mapping[str, Any] | None = None) -> ModelSpec:
        meta = declare({**self.changes, **(changes or {})})
        return parse_spec(self.name, meta, file=FILE, folder=self.folder, trust=self.trust)

    def train(self, changes: Mapping[str, Any] | None = None, run: str = "run-1") -> ModelVersion:
        provenance = Provenance(run, "release-1", "commit-1")
        return train(self.conn, self.spec(changes), self.relations, provenance, now=NOW)

    def score(self, changes: Mapping[str, Any] | None = None, run: str = "run-1") -> ScoreResult:
        provenance = Provenance(run, "release-1", "commit-1")
        return score(self.conn, self.spec(changes), self.relations, provenance, now=NOW)

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        return self.conn.execute(text).fetchall()

    def forget(self) -> None:
        self.sql("delete from ml.model_versions")
        self.sql("delete from ml.evaluations")

    def predictions(self) -> list[tuple[Any, ...]]:
        return self.sql(
            "select id, as_of_date, prediction, score from predictions.model "
            "order by model_version, id"
        )


def small_world(conn: duckdb.DuckDBPyConnection | None = None) -> World:
    """600 rows of ten weeks; y depends on every feature, b and c are null here and there."""
    conn = conn or duckdb.connect()
    conn.execute("create schema gold")
    conn.execute(
        """
        create table gold.trn as
        with rows as (
            select
                'K' || lpad(i::varchar, 4, '0') as id,
                (hash(i, 'a') % 1000) / 1000.0 as a,
                case when hash(i, 'm') % 9 > 0 then (hash(i, 'b') % 100)::integer end as b,
                case hash(i, 'c') % 4 when 0 then 'red' when 1 then 'blue' when 2 then 'green' end
                    as c,
                hash(i, 'd') % 2 = 0 as d,
                date '2025-01-01' + (i % 10)::integer * 7 as day,
                (hash(i, 'n') % 1000) / 1000.0 as noise,
            from range(600) as t(i)
        )
        select
            id, a, b, c, d, day,
            a + coalesce(b, 40) / 100 + (c is not distinct from 'red')::integer * 0.4
            + d::integer * 0.2 + noise * 0.5 > 1.45 as y,
        from rows
        """
    )
    conn.execute("create table gold.ftr as select * exclude (y) from gold.trn")
    return World(conn)
