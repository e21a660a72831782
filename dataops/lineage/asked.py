"""What SQL asks of ML models: calls of the functions that tell and compare, tables of the registry.

The macros of `orchestration/dbt_plugin` write such SQL; it names the model in a constant.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from dataops.lineage.places import RECORD, Place, model_place

# The functions that tell of a row by what they are given of it, and the one that compares tables.
TELLING = frozenset(
    {"goldloop_tell", "goldloop_explain", "goldloop_forecast", "goldloop_recommend"}
)
COMPARING = "goldloop_rows"


@dataclass(frozen=True)
class Asked:
    """What one call asks: of which model, and whole tables besides."""

    model: Place | None
    tables: tuple[str, ...] = ()


def calls(*parts: Any) -> Iterator[tuple[Any, Asked]]:
    """Yield each call within ``parts`` with what it asks; ValueError where that is no constant."""
    for part in parts:
        for call in part.find_all(exp.Anonymous):
            name = call.name.lower()
            if name in TELLING:
                yield call, Asked(model_place(str(_question(call)["model"])))
            elif name == COMPARING:
                yield call, _compared(_question(call))


def is_told(column: exp.Column) -> bool:
    """Whether ``column`` is a feature that a model tells by, not a value that is read."""
    above = column.find_ancestor(exp.Anonymous)
    while above is not None and above.name.lower() not in TELLING:
        above = above.find_ancestor(exp.Anonymous)
    return above is not None


def model_told(scope: Scope, select: Any) -> Place | None:
    """Return the model of which ``select``, a number written out, is the version.

    Beside what a call of a model tells, the macros put which version it was.
    """
    number = select.unalias()
    if not isinstance(number, exp.Cast) or not isinstance(number.this, exp.Literal):
        return None
    for source in scope.sources.values():
        told = source.expression if isinstance(source, Scope) else None
        for _, asked in calls(*told.selects) if isinstance(told, exp.Select) else ():
            return asked.model
    return None


def model_named(select: Any, alias: str) -> str | None:
    """Return the model that ``select`` asks a table of the registry for, by its condition."""
    where = select.args.get("where")
    for each in where.this.flatten() if where and isinstance(where.this, exp.And) else ():
        if (name := _named(each, alias)) is not None:
            return name
    return _named(where.this, alias) if where else None


def _named(condition: Any, alias: str) -> str | None:
    sides = (condition.this, condition.expression) if isinstance(condition, exp.EQ) else ()
    for column, value in (sides, sides[::-1]) if sides else ():
        is_it = isinstance(column, exp.Column) and column.name == "model"
        if is_it and column.table in ("", alias) and isinstance(value, exp.Literal):
            return str(value.this)
    return None


def _question(call: Any) -> Mapping[str, Any]:
    """Return the question that a call holds as JSON in its first argument."""
    first = call.expressions[0] if call.expressions else None
    try:
        found = json.loads(first.this) if isinstance(first, exp.Literal) else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"what {call.name} is asked is not resolved")
    return found


def _compared(question: Mapping[str, Any]) -> Asked:
    tables = (question.get(name) for name in ("baseline", "relation"))
    named = [f"{each['schema']}.{each['name']}".lower() for each in tables if each]
    model = question.get("model")
    return Asked(model_place(str(model), RECORD) if model else None, tuple(named))
