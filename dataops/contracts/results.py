"""What became of each check, and the table that keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from duckdb import DuckDBPyConnection

from dataops.contracts.contract import BLOCK, Severity
from ml.relation import Relation, quote
from ml.tables import create_table

CONTRACT_RESULTS = Relation("ops", "contract_results")
COLUMNS = {
    "run_id": "varchar",
    "relation": "varchar",
    "check_name": "varchar",
    "kind": "varchar",
    "column_name": "varchar",
    "severity": "varchar",
    "owner": "varchar",
    "outcome": "varchar",
    "value": "double",
    "threshold": "varchar",
    "message": "varchar",
    "checked_at": "timestamp",
}

Outcome = Literal["passed", "failed", "not_run"]


@dataclass(frozen=True)
class ContractResult:
    """What one planned check came to.

    ``value`` is what was measured, None where nothing could be; ``threshold`` what is allowed, in
    words; ``message`` one sentence on anything but a plain pass; ``checked_at`` is naive UTC.
    """

    run_id: str
    relation: Relation
    name: str
    kind: str
    column: str | None
    severity: Severity
    owner: str
    outcome: Outcome
    value: float | None
    threshold: str | None
    message: str | None
    checked_at: datetime

    @property
    def blocks(self) -> bool:
        """Whether what was checked must not reach a reader; a check that did not run blocks too."""
        return self.severity == BLOCK and self.outcome != "passed"

    def document(self) -> dict[str, str | float | None]:
        """Return the result as the table has it, column by column, fit for JSON."""
        return {
            "run_id": self.run_id,
            "relation": str(self.relation),
            "check_name": self.name,
            "kind": self.kind,
            "column_name": self.column,
            "severity": self.severity,
            "owner": self.owner,
            "outcome": self.outcome,
            "value": self.value,
            "threshold": self.threshold,
            "message": self.message,
            "checked_at": self.checked_at.isoformat(),
        }


def keep_results(connection: DuckDBPyConnection, results: Sequence[ContractResult]) -> None:
    """Write ``results`` into ``ops.contract_results``, in place of the same run's earlier ones."""
    create_table(connection, CONTRACT_RESULTS, COLUMNS)
    for run_id, relation in sorted({(each.run_id, str(each.relation)) for each in results}):
        connection.execute(
            f"delete from {CONTRACT_RESULTS.sql} where run_id = ? and relation = ?",
            [run_id, relation],
        )
    names = ", ".join(quote(name) for name in COLUMNS)
    lists = ", ".join(f"unnest(?::{type_}[])" for type_ in COLUMNS.values())
    rows = [each.document() for each in results]
    # One statement: each of its own would wait for the disk.
    connection.execute(
        f"insert into {CONTRACT_RESULTS.sql} ({names}) select {lists}",
        [[row[name] for row in rows] for name in COLUMNS],
    )
