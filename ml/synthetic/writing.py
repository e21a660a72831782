"""Made-up rows as a table: typed as the training set, under keys that no real row has, marked."""

from collections.abc import Iterator, Mapping

import duckdb
import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import WHOLE, Column, describe
from ml.errors import PipelineError
from ml.evaluation.metrics import Array
from ml.export.literals import text
from ml.relation import Relation, quote
from ml.synthetic.coding import as_text
from ml.synthetic.declaration import MARKS
from ml.synthetic.table import Real, Shape
from ml.tables import exists

_BUFFER = "synthetic_rows"
_FRESH = WHOLE | {"VARCHAR", "UUID", "DECIMAL", "DOUBLE", "FLOAT"}


def write(
    conn: DuckDBPyConnection, target: Relation, real: Real, made: Array, name: str, version: int
) -> None:
    """Replace ``target`` with the rows ``made`` [rows, shapes].

    Raises PipelineError for a key of which no fresh values can be made.
    """
    source = real.found.source
    arrays = {f"c{at}": _plain(shape, made[:, at]) for at, shape in _made(real)}
    arrays["n"] = pa.array(np.arange(1, len(made) + 1))
    drawn = _drawn_keys(conn, real, len(made))
    arrays |= {f"k{at}": values for at, values in enumerate(drawn.values())}
    marks = {"is_synthetic": "true", "synthetic_set": "?", "synthetic_version": str(version)}
    asked = [
        *_values(conn, real, name, {each: f"k{at}" for at, each in enumerate(drawn)}),
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
    except duckdb.ConversionException as error:
        raise PipelineError(
            f"synthetic set '{name}': fresh keys do not fit their type ({error})",
            fix=f"cast the key to a wider type in the SQL of {source.dbt_name}, then: "
            f"{source.build}",
        ) from error
    finally:
        conn.unregister(_BUFFER)
    _check_fresh(conn, target, real, name)


def _made(real: Real) -> Iterator[tuple[int, Shape]]:
    """Yield each shape whose values are made up, with its position."""
    return ((at, each) for at, each in enumerate(real.shapes) if each.left_out is None)


def _values(
    conn: DuckDBPyConnection, real: Real, name: str, drawn: Mapping[str, str]
) -> Iterator[str]:
    """Yield the SQL of each column as the training set types it, null where nothing is made."""
    values = {shape.name: _typed(shape, f"c{at}") for at, shape in _made(real)} | {**drawn}
    values |= {column.name: sql for column, sql in _keys(conn, real, name)}
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


def is_fresh(column: Column) -> bool:
    """Whether a key of its type has values made for it that no real row has."""
    return column.base in _FRESH


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


def _keys(conn: DuckDBPyConnection, real: Real, name: str) -> Iterator[tuple[Column, str]]:
    """Yield each column of the key that is fresh, with the SQL of its value in row ``n``.

    Texts begin with the set's name, numbers go down from below the least one (and below 0), or up
    where they have no sign. One such column is enough: no row has the same key then.
    """
    key, source = real.found.grain.key, real.found.source
    for column in key:
        if is_fresh(column):
            yield column, _fresh(conn, real, column, name)
    if not any(map(is_fresh, key)):
        told = ", ".join(f"'{column.name}' ({column.type})" for column in key)
        raise PipelineError(
            f"synthetic set '{name}': of the key {told} of {source.relation} no fresh values are "
            "made; allowed: a key with a text, a number or a UUID",
            fix=f"cast one of them in the SQL of {source.dbt_name}, or add a column to train.key, "
            f"then: {source.build}",
        )


def _fresh(conn: DuckDBPyConnection, real: Real, column: Column, name: str) -> str:
    if column.base == "VARCHAR":
        return f"concat({text(name)}, '-', printf('%08d', n))"
    if column.base == "UUID":
        return f"cast(md5(concat({text(name)}, n)) as uuid)"
    row = conn.execute(
        f"select cast(floor(least(min({column.sql}), 0)) as hugeint), "
        f"cast(ceil(max({column.sql})) as hugeint) from {real.found.source.relation.sql}"
    ).fetchone() or (0, 0)
    return f"({row[1]} + n)" if column.base.startswith("U") else f"({row[0]} - n)"


def _drawn_keys(conn: DuckDBPyConnection, real: Real, wanted: int) -> dict[str, pa.Array]:
    """Return the columns of the key that are neither fresh nor made: drawn among the real ones."""
    random = np.random.default_rng(real.spec.estimator.seed)
    made, source = {shape.name for _, shape in _made(real)}, real.found.source
    found = {}
    for column in real.found.grain.key:
        if not is_fresh(column) and column.name not in made:
            values = conn.execute(
                f"select {column.sql} from {source.relation.sql} order by 1"
            ).to_arrow_table()
            at = random.integers(0, values.num_rows, wanted)
            found[column.name] = values.column(0).combine_chunks().take(pa.array(at))
    return found
