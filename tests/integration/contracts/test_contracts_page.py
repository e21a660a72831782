"""docs/contracts.md says what the code does, and each of its examples runs."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dataops.contracts import Contract, parse_contracts, verify
from dataops.contracts.document import COLUMN_KINDS, DBT_OWNS, KINDS, Attributes, Document, Invalid
from dataops.contracts.results import COLUMNS
from dataops.contracts.threshold import Threshold
from tests.integration.contracts.conftest import NOW

PAGE = (Path(__file__).parents[3] / "docs" / "contracts.md").read_text(encoding="utf-8")
WHOLE, *EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
TABLES = """
create schema if not exists gold;
create schema landing;
create table landing.bank__payments as select i as payment_id from range(2000) as b(i);
create table gold.fct_payments as
select
    i as payment_id, 1500 + i as amount_cents, 'AB' as country_code, 0.1 as risk,
    timestamp '2025-03-01 11:00:00' as _loaded_at, date '2025-02-01' as invoiced_at,
    date '2025-02-02' as paid_at
from range(2000) as p(i);
"""
ON = {"missing": "country_code", "valid_min": "amount_cents", "valid_format": "country_code"}


def written(folder: Path, document: dict[str, Any]) -> Contract:
    file = folder / "contracts" / "gold" / "fct_payments.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    (contract,) = parse_contracts(folder / "contracts")
    return contract


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_of_a_check_runs(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, example: str
) -> None:
    connection.execute(TABLES)
    check = yaml.safe_load(example)
    ((kind, body),) = check.items()
    document = {**yaml.safe_load(WHOLE), "columns": [], "checks": []}
    if kind in KINDS:
        document["checks"] = [check]
    else:
        column = next((ON[key] for key in (kind, *body) if key in ON), "risk")
        document["columns"] = [{"name": column, "checks": [check]}]
    (result,) = verify(connection, written(tmp_path, document), now=NOW, run_id="run")
    assert result.outcome == "passed", result.message
    assert result.value is not None


def test_the_file_on_the_page_runs(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    connection.execute(TABLES)
    contract = written(tmp_path, yaml.safe_load(WHOLE))
    results = verify(connection, contract, now=NOW, run_id="run")
    assert {result.outcome for result in results} == {"passed"}


def test_every_kind_has_an_example_and_there_is_none_of_another() -> None:
    shown = {next(iter(yaml.safe_load(example))) for example in EXAMPLES}
    assert shown == set(COLUMN_KINDS) | set(KINDS)
    headings = set(re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE))
    assert headings == shown
    assert all(f"`{kind}`" in PAGE for kind in DBT_OWNS)


def keys(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))


def test_the_page_names_every_key_of_the_file_every_rule_and_every_threshold() -> None:
    told = set(re.findall(r"^\| `([a-z_.]+)` \|", PAGE, re.MULTILINE))
    attributes = {f"check_attributes.{name}" for name in Attributes.model_fields}
    assert told >= (set(Document.model_fields) - {"check_attributes"}) | attributes
    rules = {name for name in Invalid.model_fields if name.startswith(("valid_", "invalid_"))}
    assert rules <= keys(PAGE)
    assert set(Threshold.model_fields) <= keys(PAGE)


def test_the_page_lists_the_columns_of_the_results() -> None:
    table = PAGE.split("## The results")[1]
    assert dict(re.findall(r"^\| `([a-z_]+)` \| (\w+) \|$", table, re.MULTILINE)) == COLUMNS


def test_the_names_on_the_page_are_the_names_checks_get(
    tmp_path: Path, contract: Callable[..., Contract]
) -> None:
    given = {check.name for check in written(tmp_path, yaml.safe_load(WHOLE)).checks}
    metric = next(yaml.safe_load(each) for each in EXAMPLES if each.startswith("metric"))
    document = {**yaml.safe_load(WHOLE), "columns": [], "checks": [metric]}
    given |= {check.name for check in written(tmp_path, document).checks}
    assert set(re.findall(r"`(contract_[a-z_]+)`", PAGE)) <= given | {"contract_results"}
