"""soda-core 4, kept to one module: a few checks in, an outcome and a number each out."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import yaml
from duckdb import DuckDBPyConnection

from dataops.contracts.contract import DATA_SOURCE, Contract, ContractCheck


@dataclass(frozen=True)
class Verdict:
    """What soda says of one check: ``outcome`` None if it says nothing.

    ``rows`` is how many rows the check looked at, None where soda does not count them.
    """

    outcome: Literal["passed", "failed"] | None
    value: float | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Session:
    """One call of soda: the verdicts by name of check, and the errors it logged."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    errors: tuple[str, ...] = ()


def judge(
    cursor: DuckDBPyConnection, contract: Contract, checks: Sequence[ContractCheck], now: datetime
) -> Session:
    """Return what soda says of ``checks`` of ``contract``; ``now`` is naive UTC.

    Its logger is left as it is: soda tells its errors by what it has logged.
    """
    # Read when soda is imported; without it each verification waits for an address to answer.
    os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"
    from soda_core.common.exceptions import SodaCoreException
    from soda_core.common.yaml import ContractYamlSource
    from soda_core.contracts.contract_verification import ContractVerificationSession
    from soda_duckdb.common.data_sources.duckdb_data_source import DuckDBDataSourceImpl

    text = yaml.safe_dump(_document(contract, checks), allow_unicode=True)
    try:
        result = ContractVerificationSession.execute(
            contract_yaml_sources=[ContractYamlSource.from_str(text)],
            data_source_impls=[DuckDBDataSourceImpl.from_existing_cursor(cursor, DATA_SOURCE)],
            data_timestamp=f"{now.isoformat()}Z",
            variables={},
        )
    except SodaCoreException as error:
        return Session(errors=(str(error),))
    found = [each for one in result.contract_verification_results for each in one.check_results]
    return Session(_verdicts(found), tuple(result.get_errors()))


def _document(contract: Contract, checks: Iterable[ContractCheck]) -> dict[str, Any]:
    """Return the contract with ``checks`` only, each known to soda by its name."""
    columns: dict[str, list[Any]] = {}
    others = []
    for check in checks:
        entry = {check.kind: {**check.body, "qualifier": check.name}}
        if check.column is None or check.kind == "freshness":
            others.append(entry)
        else:
            columns.setdefault(check.column, []).append(entry)
    return {
        "dataset": f"{DATA_SOURCE}/{contract.relation.schema}/{contract.relation.name}",
        **({"filter": contract.filter} if contract.filter else {}),
        "columns": [{"name": name, "checks": each} for name, each in columns.items()],
        **({"checks": others} if others else {}),
    }


def _verdicts(found: Iterable[Any]) -> dict[str, Verdict]:
    verdicts = {}
    for each in found:
        said = each.outcome.name.lower()
        value = None if each.threshold_value is None else float(each.threshold_value)
        counted = each.diagnostic_metric_values or {}
        rows = counted.get("check_rows_tested", counted.get("dataset_rows_tested"))
        verdicts[each.check.qualifier] = Verdict(
            said if said in ("passed", "failed") else None, value, rows
        )
    return verdicts
