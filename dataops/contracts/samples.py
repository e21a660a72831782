"""Which rows failed: soda counts them, a person wants to see a few."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from dataops.contracts.contract import Contract, ContractCheck
from ml.relation import quote

_SHOWN = 3


def failing_rows(cursor: DuckDBPyConnection, contract: Contract, check: ContractCheck) -> list[str]:
    """Return the keys of up to three failing rows, ``order_id=7, line=2``; empty if unknown.

    Known for checks that count rows, in contracts that name a key.
    """
    source = failing_sql(contract, check)
    if source is None or not contract.key:
        return []
    keys = ", ".join(quote(name) for name in contract.key)
    try:
        rows = cursor.execute(
            f"select {keys} from ({source}) order by all limit {_SHOWN}"
        ).fetchall()
    except duckdb.Error:
        # The verdict stands without examples: a query of its own need not return the key.
        return []
    return [
        ", ".join(f"{name}={value}" for name, value in zip(contract.key, row, strict=True))
        for row in rows
    ]


def failing_sql(contract: Contract, check: ContractCheck) -> str | None:
    """Return the SQL of the rows that ``check`` counts, None for checks that count none."""
    body = check.body
    if check.kind == "failed_rows" and "query" in body:
        return str(body["query"]).rstrip().rstrip(";")
    if check.kind == "failed_rows":
        fails = f"({body['expression']})"
    elif check.kind == "missing" and check.column is not None:
        fails = _any_of(_missing(quote(check.column), body))
    elif check.kind == "invalid" and check.column is not None:
        column = quote(check.column)
        missing, invalid = _any_of(_missing(column, body)), _any_of(_invalid(column, body))
        fails = f"not {missing} and {invalid}"
    else:
        return None
    filters = [f"({each})" for each in (contract.filter, body.get("filter")) if each]
    where = " and ".join([*filters, fails])
    return f"select * from {contract.relation.sql} where {where}"


def _missing(column: str, body: Any) -> Iterator[str]:
    yield f"{column} is null"
    if "missing_values" in body:
        yield f"{column} in ({_literals(body['missing_values'])})"
    if "missing_format" in body:
        yield f"regexp_matches({column}, {_literal(body['missing_format']['regex'])})"


def _invalid(column: str, body: Any) -> Iterator[str]:
    if "valid_values" in body:
        yield f"{column} not in ({_literals(body['valid_values'])})"
    if "invalid_values" in body:
        yield f"{column} in ({_literals(body['invalid_values'])})"
    if "valid_format" in body:
        yield f"not regexp_matches({column}, {_literal(body['valid_format']['regex'])})"
    if "invalid_format" in body:
        yield f"regexp_matches({column}, {_literal(body['invalid_format']['regex'])})"
    for key, comparison in _COMPARED.items():
        if key in body:
            yield comparison.format(column=column, value=_literal(body[key]))


_COMPARED = {
    "valid_min": "{column} < {value}",
    "valid_max": "{column} > {value}",
    "valid_length": "length({column}) != {value}",
    "valid_min_length": "length({column}) < {value}",
    "valid_max_length": "length({column}) > {value}",
}


def _any_of(conditions: Iterator[str]) -> str:
    return f"({' or '.join(conditions)})"


def _literals(values: Sequence[Any]) -> str:
    return ", ".join(_literal(value) for value in values)


def _literal(value: Any) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)
