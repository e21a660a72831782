"""A project whose training set may know its label: SQL as dbt compiles it, and a warehouse."""

from pathlib import Path
from typing import Any

import duckdb

from dataops.manifest import Manifest
from ml.spec import ModelSpec, parse_spec
from ml.train import train
from ml.versions.provenance import Provenance
from orchestration.leaks import Origins, check_origins
from tests.unit.ml.world import NOW, declare

VIEW = {"entity": ["id"], "event_time": "at", "known_time": "known_at", "ttl": "unlimited",
        "owner": "o"}  # fmt: skip
SQL = {
    "silver.plans": "select *, day + 1 as told_at from warehouse.landing.plans",
    "gold.ftr_calls": "select id, day as at, told_at as known_at, a as calls from silver.plans",
    "gold.ftr": "select id, a, day from warehouse.silver.plans",
}
TRAINING = """
with labels as (
    select id, a, day, ended_at < day + 30 as is_lost, end_reason, told_at
    from "warehouse"."silver"."plans"
)
select id, a, day, is_lost as y, {extra} from labels
"""


class Project:
    """A warehouse built from SQL as dbt would have compiled it."""

    def __init__(self, folder: Path) -> None:
        self.target = folder
        self.conn = duckdb.connect()
        self.conn.execute("attach ':memory:' as warehouse")
        self.conn.execute("use warehouse")
        self.conn.execute("create schema landing; create schema silver; create schema gold")
        self.conn.execute(
            "create table landing.plans as select i as id, (hash(i) % 100)::double as a, "
            "date '2025-01-01' + (i % 20)::int as day, "
            "case when hash(i, 'y') % 5 = 0 then date '2025-01-25' else date '2026-01-01' end "
            "as ended_at, case when hash(i, 'y') % 5 = 0 then 'reason ' || i % 3 end as end_reason "
            "from range(4000) as t(i)"
        )
        self.sql = dict(SQL)

    def train(self, extra: str, guard: dict[str, Any] | None = None, **train: Any) -> Origins:
        self.sql["gold.trn"] = TRAINING.format(extra=extra)
        self.build()
        self.spec = self.declared(guard, train)
        origins = check_origins(self.manifest, [self.target], self.conn, self.spec)
        with origins.told():
            train_it(self, origins)
        return origins

    def declared(self, guard: dict[str, Any] | None, train: dict[str, Any]) -> ModelSpec:
        changes = {f"train.{key}": value for key, value in train.items()}
        meta = declare(
            changes | {"train.leak_guard": guard or {}, "estimator.params": {"max_iter": 2}}
        )
        return parse_spec("model", meta, file="models/m.yml")

    def build(self) -> None:
        for relation in ("silver.plans", "gold.ftr_calls", "gold.ftr", "gold.trn"):
            self.conn.execute(f"create or replace view {relation} as {self.sql[relation]}")
            path = self.target / "compiled" / "it" / f"models/{relation}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.sql[relation])

    @property
    def manifest(self) -> Manifest:
        nodes = {}
        for relation in self.sql:
            schema, name = relation.split(".")
            meta = {"feature_view": VIEW} if name == "ftr_calls" else {}
            columns = {each: {"name": each, "description": each} for each in
                       ("id", "at", "known_at", "calls")}  # fmt: skip
            nodes[f"model.it.{name}"] = {
                "unique_id": f"model.it.{name}", "resource_type": "model", "name": name,
                "schema": schema, "alias": name, "package_name": "it", "columns": columns,
                "original_file_path": f"models/{relation}.sql", "config": {"meta": meta},
                "depends_on": {"nodes": []},
            }  # fmt: skip
        nodes["test.it.one"] = {
            "resource_type": "test", "name": "one", "attached_node": "model.it.ftr_calls",
            "test_metadata": {"name": "one_row_per_event", "kwargs": {}}, "config": {},
        }  # fmt: skip
        return Manifest({"nodes": nodes, "sources": {}, "exposures": {}})


def train_it(project: Project, origins: Origins) -> None:
    provenance = Provenance("run-1", "release-1", "commit-1")
    train(project.conn, project.spec, project.manifest.relations, provenance, now=NOW,
          known=origins.known)  # fmt: skip
