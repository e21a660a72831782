"""Two branches fail, one by a dbt test and one by a contract; what does not read them goes on."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import duckdb
import pytest

from dataops.ledger import Event
from dataops.warehouse import Quarantined, Warehouse
from tests.stranger import write_stranger

pytestmark = pytest.mark.long

Run = Callable[..., CompletedProcess[str]]

FILES = {
    "models/shops.yml": """
sources:
  - name: trade
    schema: landing
    tables:
      - name: shops
        identifier: trade__shops
        config: {meta: {landing: {path: shops/*.csv, format: csv, key: [shop_id]}}}
        columns: [{name: shop_id, data_type: varchar}, {name: area, data_type: integer}]
models:
  - name: days
    columns: [{name: visits, data_tests: [unique]}]
""",
    # A branch whose test fails: twenty visits on each day.
    "models/days.sql": "select visit_date, count(*) as visits from {{ source('web', 'visits') }} "
    "group by visit_date",
    "models/weeks.sql": "select visit_date, visits from {{ ref('days') }}",
    # This one reads predictions too, and is built by a later dbt step than the test ran in.
    "models/expected_days.sql": "select visits, expected_share from {{ ref('days') }} inner join "
    "{{ ref('visit_mart') }} using (visit_date)",
    # A branch whose contract fails: one shop of two has no area.
    "landing/shops/shops.csv": "shop_id,area\na,10\nb,\n",
    "models/areas.sql": "select area from {{ source('trade', 'shops') }}",
    "contracts/landing/trade__shops.yml": """
dataset: warehouse/landing/trade__shops
check_attributes: {owner: Trade, severity: block}
columns:
  - name: area
    checks: [{missing: {threshold: {metric: percent, must_be_less_than: 10}}}]
""",
    "contracts/main_gold/visit_features.yml": """
dataset: warehouse/main_gold/visit_features
check_attributes: {owner: Web, severity: block}
columns: []
checks: [{row_count: {threshold: {must_be_greater_than: 500}}}]
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, goldloop: Run) -> Path:
    """Run a project in which two branches fail."""
    folder = write_stranger(tmp_path_factory.mktemp("beside") / "project")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    done = goldloop("run", project=folder)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.count("unique_days_visits") == 1, done.stderr
    return folder


@pytest.fixture(scope="module")
def kept(project: Path) -> Quarantined:
    """The candidate that was refused."""
    [kept] = Warehouse(project / "warehouse").quarantined()
    return kept


def test_nothing_is_published_and_every_failure_is_among_the_reasons(
    project: Path, kept: Quarantined
) -> None:
    assert Warehouse(project / "warehouse").release is None
    told = "\n".join(kept.reasons)
    assert "main_gold.days: unique_days_visits" in told
    assert "landing.trade__shops: contract_missing_area" in told
    assert "main_gold.areas" in told


def test_what_reads_from_a_failure_is_passed_over_and_the_rest_is_built(kept: Quarantined) -> None:
    with duckdb.connect(str(kept.file), read_only=True) as connection:
        tables = {
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall()
        }
    assert {"main_gold.visit_mart", "predictions.purchase", "ml.model_versions"} <= tables
    assert tables.isdisjoint({"main_gold.weeks", "main_gold.expected_days", "main_gold.areas"})


def test_the_cause_of_each_table_passed_over_is_kept(kept: Quarantined) -> None:
    lines = (kept.folder / "blocked.jsonl").read_text().splitlines()
    causes = {line["table"]: line["cause"] for line in map(json.loads, lines)}
    assert set(causes) == {
        "landing.trade__shops",
        "main_gold.areas",
        "main_gold.days",
        "main_gold.weeks",
        "main_gold.expected_days",
    }
    assert "contract_missing_area" in causes["main_gold.areas"]
    assert "unique_days_visits" in causes["main_gold.expected_days"]


def test_the_ledger_tells_the_failed_from_the_passed_over(project: Path, kept: Quarantined) -> None:
    events = list(Warehouse(project / "warehouse").ledger.events(run=kept.run))

    def outcome(kind: str, asset: str, name: str | None = None) -> str:
        found: list[Event] = [
            e for e in events if (e.kind, e.asset) == (kind, asset) and name in (None, e.name)
        ]
        assert len(found) == 1
        return found[0].outcome

    assert outcome("asset", "main_gold.visit_mart") == "succeeded"
    assert outcome("asset", "main_gold.areas") == "skipped"
    assert outcome("check", "main_gold.days", "unique_days_visits") == "failed"
    assert outcome("check", "landing.trade__shops", "contract_missing_area") == "failed"
    assert outcome("check", "main_gold.visit_features", "contract_row_count") == "passed"


def test_status_names_the_failures_as_a_person_reads_them(
    project: Path, kept: Quarantined, goldloop: Run
) -> None:
    shown = goldloop("status", project=project)
    assert shown.returncode == 0
    assert "contract_missing_area" in shown.stdout
    assert str(kept.folder) in shown.stdout.replace("\n", "")
