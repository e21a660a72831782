"""One built scratch warehouse for all tests of the shipped SQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.integration.sql import small_world
from tests.integration.sql.scratch import Scratch

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class World:
    """A built scratch warehouse and what was read from it."""

    scratch: Scratch
    tables: small_world.Tables
    tones: dict[str, tuple[datetime, float]]
    features: Rows
    labels: Rows
    sales: Rows


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    scratch = Scratch(tmp_path_factory.mktemp("sql"))
    # The first command of a clean clone: it makes the empty landing and prediction tables.
    scratch.dbt("--warn-error", "seed")
    tables = small_world.build()
    tones = small_world.tones(tables)
    scratch.land(tables)
    scratch.predict_tones(tones)
    scratch.dbt("build", "--exclude-resource-type", "unit_test")
    return World(
        scratch=scratch,
        tables=tables,
        tones=tones,
        features=scratch.rows("select * from gold.ftr_customers"),
        labels=scratch.rows("select * from gold.trn_churn"),
        sales=scratch.rows("select * from gold.rpt_sales_daily where orders > 0"),
    )
