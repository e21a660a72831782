"""The SQL of a new feature: rows of one model that happened within a window and were known."""

import re
from collections.abc import Iterator, Sequence

from dataops.scaffold.asked import AskedFeature
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
    return name if _PLAIN.fullmatch(name) else quote(name)


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
    day = f"cast(cast({written(asked.time.name)} as date) + interval '1' day as date)"
    return [
        "-- At the start of a day that follows one with a row, what happened before is known.",
        "moments as (",
        f"    select distinct {day} as {asked.as_of.name}",
        "    from facts",
    ]


def _known(asked: AskedFeature) -> list[str]:
    moment, time = f"moments.{written(asked.as_of.name)}", f"facts.{written(asked.time.name)}"
    conditions = [f"{moment} > {time}"]
    if asked.seconds is not None:
        conditions.append(f"{moment} - {interval(asked.seconds)} <= {time}")
    if asked.known:
        conditions.append(f"{moment} >= facts.{written(asked.known.name)}")
    if asked.superseded:
        never = f"cast('9999-12-31' as {asked.superseded.type.lower()})"
        name = f"facts.{written(asked.superseded.name)}"
        conditions.append(f"{moment} < coalesce({name}, {never})")
    columns = [f"facts.{name}" for name in _entity(asked)]
    column = asked.aggregate.column
    if column and written(column.name) not in _entity(asked):
        columns.append(f"facts.{written(column.name)}")
    return [
        "known as (",
        *_select([*columns, moment]),
        "    from moments",
        *_on(conditions),
    ]


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
