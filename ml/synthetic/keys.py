"""Keys of made-up rows: of the column's own type, and nobody's."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import WHOLE, Column
from ml.errors import PipelineError
from ml.export.literals import text
from ml.relation import Relation
from ml.synthetic.table import Real

_FRESH = WHOLE | {"VARCHAR", "UUID", "DECIMAL", "DOUBLE", "FLOAT"}
_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}
# Up to these every whole number is one of its own.
_EXACT = {"DOUBLE": 2**53, "FLOAT": 2**24}
_BEYOND = 2**200


def is_fresh(column: Column) -> bool:
    """Whether a key of its type has values made for it that no real row has."""
    return column.base in _FRESH


def fresh_keys(
    conn: DuckDBPyConnection, real: Real, name: str, wanted: int
) -> Iterator[tuple[Column, str]]:
    """Yield each column of the key that is fresh, with the SQL of its value in row ``n`` from 1.

    Texts begin with the set's ``name``. One such column is enough: no row has the same key then.
    Raises PipelineError where no column is fresh, or one has no room for ``wanted`` numbers.
    """
    key, source = real.found.grain.key, real.found.source
    for column in key:
        if column.base == "VARCHAR":
            yield column, f"concat({text(name)}, '-', printf('%08d', n))"
        elif column.base == "UUID":
            yield column, f"cast(md5(concat({text(name)}, n)) as uuid)"
        elif is_fresh(column):
            start = _start(conn, real, column, name, wanted)
            # Counted in the widest type, for n alone may be too wide for the key's.
            wide = "uhugeint" if column.base == "UHUGEINT" else "hugeint"
            yield column, f"(cast('{start}' as {wide}) - cast(n - 1 as {wide}))"
    if not any(map(is_fresh, key)):
        told = ", ".join(f"'{column.name}' ({column.type})" for column in key)
        raise PipelineError(
            f"synthetic set '{name}': of the key {told} of {source.relation} no fresh values are "
            "made; allowed: a key with a text, a number or a UUID",
            fix=f"cast one of them in the SQL of {source.dbt_name}, or add a column to train.key, "
            f"then: {source.build}",
        )


def drawn_keys(
    conn: DuckDBPyConnection, real: Real, made: set[str], wanted: int
) -> dict[str, pa.Array]:
    """Return the columns of the key that are neither fresh nor ``made``, drawn among real ones."""
    random = np.random.default_rng(real.spec.estimator.seed)
    source, found = real.found.source, {}
    for column in real.found.grain.key:
        if not is_fresh(column) and column.name not in made:
            values = conn.execute(
                f"select {column.sql} from {source.relation.sql} order by 1"
            ).to_arrow_table()
            at = random.integers(0, values.num_rows, wanted)
            found[column.name] = values.column(0).combine_chunks().take(pa.array(at))
    return found


def bounds(column: Column) -> tuple[int, int]:
    """Return the least and the greatest whole number that ``column`` holds exactly."""
    if column.base in _EXACT:
        return -_EXACT[column.base], _EXACT[column.base]
    if column.base == "DECIMAL":
        width, scale = (int(part) for part in column.type[len("DECIMAL(") : -1].split(","))
        return 1 - 10 ** (width - scale), 10 ** (width - scale) - 1
    if column.base.startswith("U"):
        return 0, 2 ** _BITS[column.base[1:]] - 1
    return -(2 ** (_BITS[column.base] - 1)), 2 ** (_BITS[column.base] - 1) - 1


def _start(conn: DuckDBPyConnection, real: Real, column: Column, name: str, wanted: int) -> int:
    """Return the number from which ``wanted`` fresh ones go down.

    Below zero and below every real one, where nobody's number is; else from the type's greatest,
    where hardly anybody's will be; else in the widest gap that real ones leave.
    """
    low, high = bounds(column)
    source = real.found.source
    row = conn.execute(
        f"select min({column.sql}), max({column.sql}) from {source.relation.sql}"
    ).fetchone() or (0, 0)
    least, greatest = _whole(row[0], math.floor), _whole(row[1], math.ceil)
    if min(least, 0) - wanted >= low:
        return min(least, 0) - 1
    if greatest <= high - wanted:
        return high
    below, above = _widest(conn, source.relation, column)
    if above - below - 1 >= wanted:
        return above - 1
    raise PipelineError(
        f"synthetic set '{name}': {wanted:,} fresh keys do not fit '{column.name}' "
        f"({column.type}) of {source.relation}, which holds {low} to {high} and has no gap so wide",
        fix=f"cast it to a wider type in the SQL of {source.dbt_name}, or set fewer rows, then: "
        f"{source.build}",
    )


def _whole(value: Any, rounded: Callable[[Any], int]) -> int:
    """Return ``value`` as a whole number; what is endless or no number lies beyond every type."""
    if value is None:
        return 0
    if isinstance(value, float) and not math.isfinite(value):
        return -_BEYOND if value < 0 else _BEYOND
    return rounded(value)


def _widest(conn: DuckDBPyConnection, relation: Relation, column: Column) -> tuple[int, int]:
    """Return the two real keys, or ends of the type, with the most whole numbers between them."""
    low, high = bounds(column)
    wide = "uhugeint" if column.base == "UHUGEINT" else "hugeint"
    ends = [column.sql]
    if column.base not in WHOLE:
        ends = [f"floor({column.sql})", f"ceil({column.sql})"]
    met = " union ".join(
        f"select cast({end} as {wide}) as number from {relation.sql} "
        f"where {column.sql} between {low} and {high}"
        for end in ends
    )
    # How wide a gap is may be beyond every type: a double tells which is the widest.
    row = conn.execute(
        f"""
        with known as (
            {met} union select cast('{low}' as {wide}) union select cast('{high}' as {wide})
        ),
        gaps as (select number, lead(number) over (order by number) as above from known)
        select number, above from gaps where above is not null
        order by cast(above as double) - cast(number as double) desc, number limit 1
        """
    ).fetchone()
    return (row[0], row[1]) if row else (low, high)
