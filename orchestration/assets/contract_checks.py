"""Contracts as asset checks: planned with the graph, verified where their table was made."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb

from dataops.contracts import (
    BLOCK,
    WARN,
    Contract,
    ContractResult,
    keep_results,
    parse_contracts,
    verify,
)
from ml.errors import UsageError
from ml.names import listed
from orchestration.project import Project
from orchestration.run.passing import table_of
from orchestration.run.progress import tell

RESULTS = "contract_results.json"
# Dagster calls every check of ours non-blocking: it is the audit of the run that blocks.
MEANING = {
    BLOCK: "while it fails, nothing is built on the table and no release is published",
    WARN: "while it fails, it warns; the release is published",
}


@dataclass(frozen=True)
class ContractChecks:
    """The contracts of a project, by the asset they are about."""

    project: Project
    contracts: Mapping[dg.AssetKey, Contract]

    @classmethod
    def of(cls, project: Project) -> "ContractChecks":
        """Read the project's contracts."""
        found = parse_contracts(project.folder / "contracts")
        keys = [dg.AssetKey([each.relation.schema, each.relation.name]) for each in found]
        return cls(project, dict(zip(keys, found, strict=True)))

    def require(self, keys: Collection[dg.AssetKey]) -> None:
        """Raise UsageError for a contract about a table that no asset makes."""
        for key, contract in self.contracts.items():
            if key not in keys:
                tables = [table_of(each) for each in keys]
                raise UsageError(
                    f"{contract.file} is about {table_of(key)}, which nothing here makes; there "
                    f"are: {listed(table_of(key), tables)}",
                    fix=f"rename or remove {contract.file}, then: goldloop run",
                )

    def specs(self, keys: Iterable[dg.AssetKey]) -> list[dg.AssetCheckSpec]:
        """Return the checks to plan for the assets ``keys``."""
        return [
            dg.AssetCheckSpec(
                check.name,
                asset=key,
                description=f"{self.contracts[key].file}: {MEANING[check.severity]}",
                metadata={"owner": self.contracts[key].owner},
            )
            for key in keys
            if key in self.contracts
            for check in self.contracts[key].checks
        ]

    def results(
        self,
        context: dg.AssetExecutionContext,
        connection: duckdb.DuckDBPyConnection,
        keys: Iterable[dg.AssetKey],
    ) -> Iterator[dg.AssetCheckResult]:
        """Verify the contracts of the assets ``keys`` that this run has planned to check."""
        planned = context.selected_asset_check_keys
        for key in keys:
            names = {each.name for each in planned if each.asset_key == key}
            contract = self.contracts.get(key)
            if contract is None or not names & {check.name for check in contract.checks}:
                continue
            tell(f"contract of {table_of(key)}")
            now = datetime.now(UTC)
            results = verify(connection, contract, now=now, run_id=context.run_id)
            keep_results(connection, results)
            _add_to_release(self.project.warehouse.candidate.parent / RESULTS, results)
            yield from (_told(key, each) for each in results if each.name in names)


def _told(key: dg.AssetKey, result: ContractResult) -> dg.AssetCheckResult:
    blocks = result.severity == BLOCK
    facts = {"outcome": result.outcome, "severity": result.severity, "owner": result.owner}
    numbers = {"value": result.value} if result.value is not None else {}
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=result.name,
        passed=result.outcome == "passed",
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        description=result.message,
        metadata={**facts, **numbers, "threshold": result.threshold or ""},
    )


def _add_to_release(path: Path, results: Iterable[ContractResult]) -> None:
    """Add the results to those that are published, or quarantined, with the candidate."""
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    found = [each.document() for each in results]
    path.write_text(json.dumps([*earlier, *found], indent=1), encoding="utf-8")
