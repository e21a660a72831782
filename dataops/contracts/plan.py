"""A check as planned: its name, known before anything is run, and what it measures in words."""

import re

from dataops.contracts.contract import ContractCheck, Severity
from dataops.contracts.document import Aggregate, Check, Freshness


def planned(kind: str, parsed: Check, column: str | None, severity: Severity) -> ContractCheck:
    """Return check ``parsed`` of ``kind`` on ``column`` with its name and its words."""
    what = parsed.function.lower() if isinstance(parsed, Aggregate) else kind
    name = "_".join(["contract", what, *(part for part in (column, parsed.qualifier) if part)])
    body = parsed.model_dump(mode="json", exclude_none=True, exclude={"attributes", "name"})
    return ContractCheck(
        name=re.sub(r"[^a-z0-9_]", "_", name.lower()),
        kind=kind,
        column=column,
        severity=severity,
        measured=parsed.name or _measured(parsed, kind, column),
        allowed=parsed.threshold.words + parsed.threshold.unit_text,
        unit=parsed.threshold.unit_text,
        body=body,
    )


def _measured(parsed: Check, kind: str, column: str | None) -> str:
    if isinstance(parsed, Aggregate):
        return f"{parsed.function} of {column}"
    if isinstance(parsed, Freshness):
        return f"age of the newest {column}"
    said = {
        "row_count": "rows",
        "missing": f"rows without {column}",
        "invalid": f"rows with a {column} that is not allowed",
        "failed_rows": f"rows failing {parsed.qualifier}",
    }
    return said.get(kind, str(parsed.qualifier))
