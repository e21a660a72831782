from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from dataops.contracts import Contract, ContractResult, parse_contracts, verify

NOW = datetime(2025, 3, 1, 12)
Checked = Callable[..., dict[str, ContractResult]]

BODY = """
columns:
  - name: weight
    checks:
      - missing: {threshold: {metric: percent, must_be_less_than: 5}}
      - invalid: {valid_min: 0, valid_max: 100}
      - aggregate:
          function: avg
          threshold: {must_be_between: {greater_than: 10, less_than: 20}}
          attributes: {severity: warn}
checks:
  - row_count: {threshold: {must_be_greater_than: 5}}
  - freshness: {column: made_at, threshold: {unit: day, must_be_less_than: 2}}
  - metric: {qualifier: total, expression: sum(weight), threshold: {must_be_less_than: 1000}}
  - failed_rows: {qualifier: odd, expression: weight = 13, threshold: {must_be: 0}}
"""

PARTS = """
create table gold.parts as
select i as id, 10.0 + i as weight, timestamp '2025-02-28 12:00:00' as made_at
from range(1, 11) as parts(i) where i != 3
"""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("create schema gold")
        yield connection


@pytest.fixture
def contract(tmp_path: Path) -> Callable[..., Contract]:
    """Write a contract of ``gold.parts`` and read it back."""

    def read(body: str, attributes: str = "severity: block, key: [id]") -> Contract:
        file = tmp_path / "contracts" / "gold" / "parts.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        head = f"dataset: warehouse/gold/parts\ncheck_attributes: {{owner: Stores, {attributes}}}\n"
        file.write_text(head + body, encoding="utf-8")
        (contract,) = parse_contracts(tmp_path / "contracts")
        return contract

    return read


@pytest.fixture
def checked(connection: duckdb.DuckDBPyConnection, contract: Callable[..., Contract]) -> Checked:
    """Verify ``gold.parts`` against a contract; the results by name, ``contract_`` left off."""

    def call(body: str, **settings: str) -> dict[str, ContractResult]:
        results = verify(connection, contract(body, **settings), now=NOW, run_id="run")
        return {result.name.removeprefix("contract_"): result for result in results}

    return call
