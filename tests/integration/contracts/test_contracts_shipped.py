"""The contracts of the shipped project: fit its models, and soda itself reads them."""

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from dataops.contracts import parse_contracts, verify
from dataops.landing.tables import FILES, FILES_COLUMNS, OWN_COLUMNS
from ml.relation import Relation
from ml.tables import create_table

ROOT = Path(__file__).parents[3]
CONTRACTS = parse_contracts(ROOT / "contracts")
Columns = dict[str, dict[str, object]]


def declared() -> dict[Relation, Columns]:
    """The columns that dbt's files give each relation, read without dbt."""
    found: dict[Relation, Columns] = {
        FILES: {n: {"data_type": t} for n, t in FILES_COLUMNS.items()}
    }
    for path in sorted((ROOT / "models").rglob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for model in document.get("models", []):
            if "gold" in path.parts:
                found[Relation("gold", model["name"])] = columns(model)
        for source in document.get("sources", []):
            for table in source["tables"]:
                own = OWN_COLUMNS if "landing" in str(table.get("config")) else {}
                relation = Relation(source["schema"], table.get("identifier", table["name"]))
                found[relation] = columns(table) | typed(own)
    return found


def typed(columns: dict[str, str]) -> Columns:
    return {name: {"data_type": data_type} for name, data_type in columns.items()}


def columns(node: dict[str, list[dict[str, object]]]) -> Columns:
    return {str(column["name"]): column for column in node["columns"]}


DECLARED = declared()


def test_every_contract_is_about_columns_that_its_table_has() -> None:
    assert len(CONTRACTS) > 30
    for contract in CONTRACTS:
        has = DECLARED[contract.relation]
        assert contract.relation != FILES  # no asset makes it, so no run would check it
        named = {check.column for check in contract.checks if check.column} | set(contract.key)
        assert named <= set(has), contract.file


def test_landing_gold_and_predictions_each_have_contracts_with_every_kind_of_question() -> None:
    kinds = Counter((c.relation.schema, k.kind) for c in CONTRACTS for k in c.checks)
    for schema in ("landing", "gold", "predictions"):
        assert {"row_count", "missing", "invalid", "aggregate", "metric"} <= {
            kind for where, kind in kinds if where == schema
        }


def test_no_rule_of_dbt_is_said_again() -> None:
    for contract in CONTRACTS:
        for check in contract.checks:
            if check.kind == "missing":
                column = DECLARED[contract.relation][str(check.column)]
                assert "not_null" not in str(column.get("data_tests")), contract.file


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A warehouse as a clean clone has it: every table, and no row."""
    connection = duckdb.connect(tmp_path_factory.mktemp("clone") / "warehouse.duckdb")
    for relation, has in DECLARED.items():
        create_table(connection, relation, {n: str(c.get("data_type")) for n, c in has.items()})
    return connection


def test_a_clean_clone_without_a_row_is_not_blocked(empty: duckdb.DuckDBPyConnection) -> None:
    now = datetime.now(UTC)
    results = [r for each in CONTRACTS for r in verify(empty, each, now=now, run_id="run")]
    assert [result for result in results if result.blocks] == []
    assert {result.kind for result in results if result.outcome == "failed"} == {
        "row_count",
        "freshness",
    }
    assert not [result for result in results if result.outcome == "not_run"]


def test_soda_reads_the_files_as_they_stand() -> None:
    os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"
    from soda_core.common.yaml import ContractYamlSource
    from soda_core.contracts.contract_verification import ContractVerificationSession

    result = ContractVerificationSession.execute(
        contract_yaml_sources=[
            ContractYamlSource.from_file_path(str(ROOT / each.file)) for each in CONTRACTS
        ],
        only_validate_without_execute=True,
    )
    assert result.get_errors() == []
    assert len(result.contract_verification_results) == len(CONTRACTS)
