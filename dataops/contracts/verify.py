"""One relation against its contract: a result for every planned check, whatever happens."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb
from duckdb import DuckDBPyConnection

from dataops.contracts.contract import Contract, ContractCheck
from dataops.contracts.engine import Verdict, judge
from dataops.contracts.results import ContractResult, Outcome
from dataops.contracts.samples import failing_rows
from dataops.contracts.threshold import number
from ml.columns import describe
from ml.data.checks import utc
from ml.names import listed
from ml.tables import exists

Told = tuple[Outcome, float | None, str | None]
_LONGEST_ERROR = 300


def verify(
    connection: DuckDBPyConnection, contract: Contract, *, now: datetime, run_id: str
) -> list[ContractResult]:
    """Return what became of each check of ``contract``, in the contract's order.

    A check that soda gives no outcome for is ``not_run``, with the reason as its message: its
    relation or column is not there, its SQL fails, its value is null. What a check finds wrong is
    never raised. ``connection`` is read through a cursor of its own: what was committed, in its
    own database and none that is attached.
    """
    with connection.cursor() as cursor:
        told = _told(cursor, contract, utc(now))
    return [
        ContractResult(
            run_id=run_id,
            relation=contract.relation,
            name=check.name,
            kind=check.kind,
            column=check.column,
            severity=check.severity,
            owner=contract.owner,
            outcome=told[check.name][0],
            value=told[check.name][1],
            threshold=check.allowed,
            message=told[check.name][2],
            checked_at=utc(now),
        )
        for check in contract.checks
    ]


def _told(cursor: DuckDBPyConnection, contract: Contract, now: datetime) -> Mapping[str, Told]:
    reason = _unreadable(cursor, contract)
    if reason:
        return {check.name: _not_run(reason) for check in contract.checks}
    columns = describe(cursor, contract.relation)
    told, possible = {}, []
    for check in contract.checks:
        if check.column is None or check.column in columns:
            possible.append(check)
        else:
            has = listed(check.column, columns)
            told[check.name] = _not_run(
                f"{contract.relation} has no '{check.column}'; it has {has}"
            )
    return told | _judged(cursor, contract, possible, now)


def _unreadable(cursor: DuckDBPyConnection, contract: Contract) -> str | None:
    if not exists(cursor, contract.relation):
        return f"{contract.relation} is not in the warehouse"
    try:
        describe(cursor, contract.relation)
    except duckdb.Error as error:
        return f"{contract.relation} cannot be read ({_line(str(error))})"
    return None


def _judged(
    cursor: DuckDBPyConnection, contract: Contract, checks: Sequence[ContractCheck], now: datetime
) -> dict[str, Told]:
    """Judge ``checks`` together; if soda meets an error, each alone, so that one fails alone."""
    if not checks:
        return {}
    session = judge(cursor, contract, checks, now)
    if session.errors and len(checks) > 1:
        return {check.name: _judged(cursor, contract, [check], now)[check.name] for check in checks}
    if session.errors:
        return {checks[0].name: _not_run(f"soda met an error ({_line(session.errors[0])})")}
    return {
        check.name: _outcome(cursor, contract, check, session.verdicts.get(check.name, _NOTHING))
        for check in checks
    }


_NOTHING = Verdict(None)


def _outcome(
    cursor: DuckDBPyConnection, contract: Contract, check: ContractCheck, verdict: Verdict
) -> Told:
    value = verdict.value
    if verdict.outcome == "passed":
        return "passed", value, None
    if verdict.outcome == "failed":
        examples = failing_rows(cursor, contract, check)
        return "failed", value, _sentence(check, value, examples)
    if verdict.rows == 0:
        # Whether there may be no rows is for row_count to say.
        return "passed", None, f"{check.measured}: there is no row to judge"
    return _not_run(f"{check.measured} is null, or soda gave no outcome")


def _sentence(check: ContractCheck, value: float | None, examples: Sequence[str]) -> str:
    met = "nothing" if value is None else number(value) + check.unit
    shown = f"; for example {'; '.join(examples)}" if examples else ""
    return f"{check.measured}: {met}; allowed: {check.allowed}{shown}"


def _not_run(reason: str) -> Told:
    return "not_run", None, reason


def _line(text: str) -> str:
    """Return an error's text on one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_ERROR else line[:_LONGEST_ERROR] + "…"
