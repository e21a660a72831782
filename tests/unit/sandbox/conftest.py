"""A release made by hand: no dbt, no Dagster."""

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dataops.manifest import Manifest
from dataops.warehouse import Release, Warehouse

SETUP = """
    create schema landing;
    create schema bronze;
    create schema gold;
    create schema ml;
    create table landing.people as
        select 'p' || i as person_id, 'Name ' || i as full_name, date '1980-05-17' as born_date,
            case when i % 10 > 0 then i::integer end as shoe_size
        from range(500) as r(i);
    create table landing.visits as
        select i as visit_id, ' P' || (i % 500) || ' ' as person_id, i % 7 as pages
        from range(5000) as r(i);
    create view bronze.brz_people as select * from "warehouse".landing.people;
    create table gold.visits as
        select v.visit_id, p.person_id, p.full_name, v.pages from landing.visits as v
        inner join landing.people as p on p.person_id = lower(trim(v.person_id));
    create table landing.secrets as select 1 as told;
    create table ml.model_versions as select 'm' as model, 1 as version, 'champion' as status,
        'bytes'::blob as artifact;
    create table ml.evaluations as select 'm' as model, 1 as version, 'test' as data,
        'all' as segment, 'roc_auc' as metric, 0.8 as value, 0.7 as low, 0.9 as high;
"""


def node(name: str, schema: str, *parents: str, **more: Any) -> dict[str, Any]:
    kind = more.pop("kind", "model")
    return {
        "resource_type": kind,
        "name": name,
        "alias": name,
        "schema": schema,
        "database": "warehouse",
        "fqn": ["project", name],
        "depends_on": {"nodes": list(parents)},
        "columns": more.pop("columns", {}),
        "config": {"meta": {}},
        **more,
    }


def source(name: str, schema: str = "landing", **columns: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "resource_type": "source",
        "source_name": schema,
        "name": name,
        "identifier": name,
        "schema": schema,
        "database": "warehouse",
        "columns": {key: {"name": key, **value} for key, value in columns.items()},
        "config": {"meta": {}},
    }


def manifest_document() -> dict[str, Any]:
    people = source(
        "people",
        full_name={"config": {"meta": {"pii": True}}},
        born_date={"tags": ["pii"]},
        shoe_size={"meta": {"pii": True}},
    )
    return {
        "metadata": {},
        "exposures": {},
        "unit_tests": {},
        "sources": {"source.p.people": people, "source.p.visits": source("visits")},
        "nodes": {
            "model.p.brz_people": node("brz_people", "bronze", "source.p.people"),
            "model.p.visits": node("visits", "gold", "model.p.brz_people", "source.p.visits"),
        },
    }


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "it's a home")


@pytest.fixture
def manifest() -> Manifest:
    return Manifest(manifest_document())


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with a release: 500 people, 5,000 visits, a view, a version of an ML model."""
    warehouse = Warehouse(tmp_path_factory.mktemp("published"))
    candidate = warehouse.open("run-one")
    with warehouse.connect() as connection:
        connection.execute(SETUP)
    (candidate.folder / "manifest.json").write_text(json.dumps(manifest_document()))
    candidate.publish({}, datetime.now(UTC))
    return warehouse.root


@pytest.fixture
def release(warehouse: Warehouse, published: Path) -> Release:
    """A copy of the published release, for one test."""
    shutil.copytree(published, warehouse.root, symlinks=True)
    [release] = warehouse.releases()
    return release
