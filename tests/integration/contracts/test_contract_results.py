import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from dataops.contracts import Contract, keep_results, verify
from tests.integration.contracts.conftest import BODY, PARTS, Checked


def test_results_are_kept_once_a_run_and_relation(
    connection: duckdb.DuckDBPyConnection, contract: Callable[..., Contract]
) -> None:
    connection.execute(PARTS)
    held = contract(BODY)
    now = datetime(2025, 3, 1, 14, tzinfo=UTC)
    for run_id in ("one", "two", "two"):
        keep_results(connection, verify(connection, held, now=now, run_id=run_id))
    kept = connection.execute(
        "select run_id, count(*), count(distinct check_name), min(checked_at), min(relation) "
        "from ops.contract_results group by run_id order by run_id"
    ).fetchall()
    at = datetime(2025, 3, 1, 14)
    assert kept == [("one", 7, 7, at, "gold.parts"), ("two", 7, 7, at, "gold.parts")]
    (result, *_) = verify(connection, held, now=now, run_id="two")
    row = connection.execute("select * from ops.contract_results where run_id = 'two'").fetchone()
    assert row == (*list(result.document().values())[:-1], at)


def test_verifying_leaves_the_warehouse_as_it_was_and_asks_nobody(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute(PARTS)
    before = connection.execute("from duckdb_tables()").fetchall()
    checked(BODY)
    assert connection.execute("from duckdb_tables()").fetchall() == before
    assert os.environ["SODA_CORE_TELEMETRY_ENABLED"] == "false"


def test_names_of_any_characters_are_verified(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> None:
    connection.execute('create table gold.parts as select 1 as id, null as "Größe (cm)"')
    (result,) = checked("columns: [{name: 'Größe (cm)', checks: [{missing: }]}]").values()
    assert (result.outcome, result.column) == ("failed", "Größe (cm)")
    assert result.message is not None
    assert result.message.endswith("for example id=1")


def test_a_table_of_the_same_name_in_an_attached_file_is_not_looked_at(
    connection: duckdb.DuckDBPyConnection, checked: Checked, tmp_path: Path
) -> None:
    with duckdb.connect(tmp_path / "other.duckdb") as other:
        other.execute("create schema gold")
        other.execute(PARTS.replace("weight,", "weight, 1 as more,"))
        other.execute("update gold.parts set weight = null")
    connection.execute(f"attach '{tmp_path / 'other.duckdb'}' as release (read_only)")
    assert {each.outcome for each in checked(BODY).values()} == {"not_run"}
    connection.execute(PARTS)
    assert {each.outcome for each in checked(BODY).values()} == {"passed"}
