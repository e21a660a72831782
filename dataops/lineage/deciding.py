"""The parts of a SELECT that decide which rows it has."""

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from dataops.lineage.places import Kind

_CLAUSES = {
    "where": Kind.FILTER,
    "having": Kind.FILTER,
    "qualify": Kind.FILTER,
    "limit": Kind.FILTER,
    "offset": Kind.FILTER,
    "group": Kind.GROUP,
    # In DuckDB a query keeps the order of the rows it reads, and `first` takes the first of them.
    "order": Kind.ORDER,
}


def deciding(select: Any) -> Iterator[tuple[Any, Kind]]:
    """Yield each part of ``select`` that decides which rows it has, with how it does."""
    for name, kind in _CLAUSES.items():
        if select.args.get(name):
            yield select.args[name], kind
    for join in select.args.get("joins") or ():
        if join.args.get("on"):
            yield join.args["on"], Kind.JOIN
    distinct = select.args.get("distinct")
    if distinct:
        yield from ((each, Kind.GROUP) for each in _distinct(select, distinct))
    if _groups_by_all(select):
        yield from ((each, Kind.GROUP) for each in select.selects if not each.find(exp.AggFunc))
    for each in select.selects:
        # One row becomes as many as a list has values.
        yield from ((rows, Kind.ROWS) for rows in each.find_all(exp.Explode, exp.Unnest))


def _distinct(select: Any, distinct: Any) -> list[Any]:
    on = distinct.args.get("on")
    return [on] if on else list(select.selects)


def _groups_by_all(select: Any) -> bool:
    group = select.args.get("group")
    return group is not None and bool(group.args.get("all"))
