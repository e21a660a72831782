"""The SQL of a new feature: rows of one model that happened within a window and were known."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

import duckdb

from dataops.scaffold.asked import AskedFeature, Column
from ml.relation import quote

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def feature_sql(asked: AskedFeature) -> str:
    """Return the model's SQL: portable, an import CTE a model, the last line ``from final``."""
    facts = _import("facts", [written(column.name) for column in asked.read], asked.source)
    facts.append(f"    where {' and '.join(f'{e} is not null' for e in _entity(asked))}")
    if asked.moments:
        column = written(asked.as_of.name)
        moments = _import("moments", [f"distinct {column}"], asked.moments.model)
        parts = [moments, facts, _known(asked), _final(asked)]
    else:
        parts = [facts, _days(asked), _known(asked), _final(asked)]
    blocks: list[str] = []
    for part in parts:
        comments = [line for line in part if line.startswith("--")]
        body = [line for line in part if not line.startswith("--")]
        opening = "with " if not blocks else ""
        blocks.append("\n".join([*comments, opening + body[0], *body[1:], ")"]))
    return ",\n\n".join(blocks) + "\n\nselect * from final\n"


def written(name: str) -> str:
    """Return a column's name as SQL writes it, in quotes only where it must be."""
    return quote(name) if must_be_quoted(name) else name


def must_be_quoted(name: str) -> bool:
    """Whether SQL reads ``name`` as that column only in quotes."""
    return not _PLAIN.fullmatch(name) or name in reserved_words()


@cache
def reserved_words() -> frozenset[str]:
    """Return the words that DuckDB takes for no column without quotes."""
    rows = duckdb.connect().execute(
        "select keyword_name from duckdb_keywords() "
        "where keyword_category in ('reserved', 'type_function')"
    )
    return frozenset(name for (name,) in rows.fetchall())


def interval(seconds: int) -> str:
    """Return a duration in standard SQL, in the largest unit that it is a whole number of."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"interval '{seconds // size}' {unit}"


def _entity(asked: AskedFeature) -> list[str]:
    return [written(column.name) for column in asked.entity]


def _import(name: str, columns: Sequence[str], model: str) -> list[str]:
    return [f"{name} as (", *_select(columns), f"    from {{{{ ref('{model}') }}}}"]


def _select(columns: Sequence[str]) -> Iterator[str]:
    if len(columns) == 1:
        yield f"    select {columns[0]}"
        return
    yield "    select"
    yield from (f"        {column}," for column in columns[:-1])
    yield f"        {columns[-1]}"


def _days(asked: AskedFeature) -> list[str]:
    day = f"cast(cast({_utc(asked.time)} as date) + interval '1' day as date)"
    return [
        "-- At the start of a day that follows one with a row, what happened before is known.",
        "moments as (",
        f"    select distinct {day} as {asked.as_of.name}",
        "    from facts",
    ]


def _known(asked: AskedFeature) -> list[str]:
    columns = [f"facts.{name}" for name in _entity(asked)]
    column = asked.aggregate.column
    if column and written(column.name) not in _entity(asked):
        columns.append(f"facts.{written(column.name)}")
    return [
        "known as (",
        *_select([*columns, f"moments.{written(asked.as_of.name)}"]),
        "    from moments",
        *_on(list(_conditions(asked))),
    ]


def _conditions(asked: AskedFeature) -> Iterator[str]:
    moment, time = _utc(asked.as_of, "moments."), _utc(asked.time, "facts.")
    yield f"{moment} > {time}"
    if asked.seconds is not None:
        yield f"{moment} - {interval(asked.seconds)} <= {time}"
    if asked.known:
        yield f"{moment} >= {_utc(asked.known, 'facts.')}"
    if asked.superseded:
        kind = "timestamp" if asked.superseded.is_zoned else asked.superseded.type
        never = f"cast('9999-12-31' as {kind})"
        yield f"{moment} < coalesce({_utc(asked.superseded, 'facts.')}, {never})"


def _utc(column: Column, of: str = "") -> str:
    """Return SQL of a date or timestamp that is the same in a session of any time zone."""
    name = f"{of}{written(column.name)}"
    return f"({name} at time zone 'UTC')" if column.is_zoned else name


def _on(conditions: Sequence[str]) -> Iterator[str]:
    if len(conditions) == 1:
        yield f"    inner join facts on {conditions[0]}"
        return
    yield "    inner join facts"
    yield "        on"
    yield f"            {conditions[0]}"
    yield from (f"            and {condition}" for condition in conditions[1:])


def _final(asked: AskedFeature) -> list[str]:
    column = asked.aggregate.column
    value = asked.aggregate.sql(written(column.name) if column else "*")
    grain = [*_entity(asked), written(asked.as_of.name)]
    columns = [*grain[:-1], f"{value} as {asked.name}", grain[-1]]
    return ["final as (", *_select(columns), "    from known", f"    group by {', '.join(grain)}"]
