"""Made-up rows as a table: typed as the training set, under keys that no real row has, marked."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import describe
from ml.errors import PipelineError
from ml.evaluation.metrics import Array
from ml.relation import Relation, quote
from ml.synthetic.coding import as_text
from ml.synthetic.declaration import MARKS
from ml.synthetic.keys import drawn_keys, fresh_keys
from ml.synthetic.table import Real, Shape
from ml.tables import exists

_BUFFER = "synthetic_rows"


def write(
    conn: DuckDBPyConnection, target: Relation, real: Real, made: Array, name: str, version: int
) -> None:
    """Replace ``target`` with the rows ``made`` [rows, shapes].

    Raises PipelineError for a key of which no fresh values can be made.
    """
    arrays = {f"c{at}": _plain(shape, made[:, at]) for at, shape in _made(real)}
    arrays["n"] = pa.array(np.arange(1, len(made) + 1))
    drawn = drawn_keys(conn, real, {shape.name for _, shape in _made(real)}, len(made))
    arrays |= {f"k{at}": values for at, values in enumerate(drawn.values())}
    values = {each: f"k{at}" for at, each in enumerate(drawn)}
    values |= {column.name: sql for column, sql in fresh_keys(conn, real, name, len(made))}
    marks = {"is_synthetic": "true", "synthetic_set": "?", "synthetic_version": str(version)}
    asked = [
        *_values(real, values),
        *(f"cast({marks[each]} as {type_}) as {each}" for each, type_ in MARKS.items()),
    ]
    conn.execute(f"create schema if not exists {quote(target.schema)}")
    conn.register(_BUFFER, pa.table(arrays))
    try:
        conn.execute(f"drop table if exists {target.sql}")
        conn.execute(
            f"create table {target.sql} as select {', '.join(asked)} from {_BUFFER} order by n",
            [name],
        )
    finally:
        conn.unregister(_BUFFER)
    _check_fresh(conn, target, real, name)


def _made(real: Real) -> Iterator[tuple[int, Shape]]:
    """Yield each shape whose values are made up, with its position."""
    return ((at, each) for at, each in enumerate(real.shapes) if each.left_out is None)


def _values(real: Real, keys: Mapping[str, str]) -> Iterator[str]:
    """Yield the SQL of each column as the training set types it, null where nothing is made.

    ``keys`` is that of the columns of the key.
    """
    values = {shape.name: _typed(shape, f"c{at}") for at, shape in _made(real)} | {**keys}
    for column in real.found.source.columns.values():
        if column.name == real.spec.train.split.column:
            # Made-up rows are learnt from alone.
            values.setdefault(column.name, "false" if column.kind == "boolean" else "'train'")
        yield f"cast({values.get(column.name, 'null')} as {column.type}) as {column.sql}"


def _check_fresh(conn: DuckDBPyConnection, target: Relation, real: Real, name: str) -> None:
    """Raise PipelineError when a key made is that of a row of the training set."""
    source, keys = real.found.source, real.found.grain.key
    names = ", ".join(column.sql for column in keys)
    row = conn.execute(
        f"select count(*) from {target.sql} where ({names}) in "
        f"(select ({names}) from {source.relation.sql})"
    ).fetchone()
    if row and row[0]:
        raise PipelineError(
            f"synthetic set '{name}': {row[0]:,} of its keys stand in {source.relation} already; "
            "are made-up rows among its real ones?",
            fix=f"leave them out in the SQL of {source.dbt_name}, then: {source.build}",
        )


def is_as_made(conn: DuckDBPyConnection, target: Relation) -> bool:
    """Whether ``target`` is there with its marks."""
    return exists(conn, target) and MARKS.keys() <= describe(conn, target).keys()


def _plain(shape: Shape, values: Array) -> pa.Array:
    if shape.values is not None:
        return as_text(shape.values, values)
    return pa.array(values, mask=np.isnan(values))


def _typed(shape: Shape, name: str) -> str:
    """Return the SQL of a made-up value as the column's own type reads it."""
    if shape.column.kind != "time":
        return name
    moment = f"make_timestamp(cast({name} as bigint))"
    zoned = shape.column.base == "TIMESTAMP WITH TIME ZONE"
    return f"({moment} at time zone 'UTC')" if zoned else moment
