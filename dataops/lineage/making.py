"""How an expression makes a column of those it reads."""

from typing import Any

from sqlglot import exp

from dataops.lineage.places import Made

_PASSING = (exp.Alias, exp.Paren, exp.Cast, exp.TryCast, exp.Not, exp.Neg)
_OVER_ROWS = (exp.AggFunc, exp.Window, exp.Query, exp.Subquery, exp.UDTF, exp.Explode)
# What a case may be of that only puts a column's values in other words: a range of them loses some.
_WORDS = (
    *_PASSING, exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Column, exp.Identifier, exp.DataType,
    exp.Literal, exp.Boolean, exp.Null, exp.EQ, exp.NEQ, exp.In, exp.Is, exp.And, exp.Or,
)  # fmt: skip


def made(select: Any, *, is_grouped: bool) -> Made:
    """Return how ``select``, of a query that is grouped or not, is made of its columns."""
    inner = _peeled(select)
    if isinstance(inner, exp.Column):
        return Made.NEGATED if select.find(exp.Not, exp.Neg) else Made.SAME
    if _is_recoded(inner):
        return Made.RECODED
    over = (*_OVER_ROWS, exp.Anonymous) if is_grouped else _OVER_ROWS
    return Made.ROWS if select.find(*over) else Made.ROW


def _peeled(part: Any) -> Any:
    while isinstance(part, _PASSING):
        part = part.this
    return part


def _is_recoded(part: Any) -> bool:
    """Whether ``part`` is one column whose nulls are filled, or whose values are named anew."""
    if isinstance(part, exp.Coalesce):
        return _is_it(part.this) and all(map(_is_literal, part.expressions))
    if isinstance(part, exp.Nullif):
        return _is_it(part.this) and _is_literal(part.expression)
    if not isinstance(part, exp.Case | exp.If):
        return False
    if not all(isinstance(each, _WORDS) for each in part.walk()):
        return False
    if len({each.sql() for each in part.find_all(exp.Column)}) != 1:
        return False
    tells_it = any(isinstance(_peeled(each), exp.Column) for each in _told(part))
    return tells_it or not _asks_for_null(part)


def _is_it(part: Any) -> bool:
    inner = _peeled(part)
    return isinstance(inner, exp.Column) or _is_recoded(inner)


def _is_literal(part: Any) -> bool:
    return isinstance(_peeled(part), exp.Literal | exp.Boolean | exp.Null)


def _asks_for_null(part: Any) -> bool:
    """Whether a case asks if the column is there: of a time, that is another fact than the time."""
    return any(isinstance(each.expression, exp.Null) for each in part.find_all(exp.Is))


def _told(part: Any) -> list[Any]:
    """Return what a case gives."""
    branches = part.args["ifs"] if isinstance(part, exp.Case) else [part]
    default = part.args.get("default") or part.args.get("false")
    return [*(each.args["true"] for each in branches), *([default] if default else [])]
