"""Keys of made-up rows: of the column's own type, one each, and nobody's."""

from collections.abc import Iterator

import duckdb
import pytest

from ml.errors import PipelineError
from ml.relation import Relation
from ml.synthetic.table import read_real
from ml.synthetic.writing import write
from tests.unit.ml.people import NOW, RELATIONS, people, set_of

MADE = Relation("landing", "made")
ROWS = 900


@pytest.fixture
def conn() -> Iterator[duckdb.DuckDBPyConnection]:
    with people() as connection:
        yield connection


def written(conn: duckdb.DuckDBPyConnection, type_: str, key: str) -> tuple[int, int]:
    """Write rows for people whose key is ``key``, SQL of their number ``@``, of ``type_``.

    Return the least and the greatest key made.
    """
    conn.execute(
        f"alter table gold.people alter id type {type_} using cast({key.replace('@', 'id[2:]')} "
        f"as {type_})"
    )
    real = read_real(conn, set_of(), RELATIONS, NOW)
    write(conn, MADE, real, real.learnt[:ROWS], "made", 1)
    told = conn.sql(
        f"select count(distinct id), any_value(typeof(id)), count(*) filter (where id in "
        f"(select id from gold.people)), min(id), max(id) from {MADE.sql}"
    ).fetchone()
    assert told is not None
    assert told[:3] == (ROWS, type_.upper(), 0)
    return told[3], told[4]


# @ is from 0 to 1199.
HUGE = 2**127


@pytest.mark.parametrize(
    ("type_", "key", "made"),
    [
        ("integer", "cast(@ as int) + 5", (-ROWS, -1)),
        ("bigint", "cast(@ as int) - 2000", (-2000 - ROWS, -2001)),
        ("smallint", "cast(@ as int) - 32768", (32767 - ROWS + 1, 32767)),
        ("bigint", "cast(@ as hugeint) - 9223372036854775808", (2**63 - ROWS, 2**63 - 1)),
        ("usmallint", "cast(@ as int)", (65535 - ROWS + 1, 65535)),
        ("uinteger", "cast(@ as bigint) * 3", (2**32 - ROWS, 2**32 - 1)),
        ("usmallint", "65535 - cast(@ as int)", (64336 - ROWS, 64335)),
        ("ubigint", "18446744073709551615 - cast(@ as ubigint)",
         (2**64 - 1200 - ROWS, 2**64 - 1201)),
        ("uhugeint", "340282366920938463463374607431768211455 - cast(@ as uhugeint)",
         (2**128 - 1200 - ROWS, 2**128 - 1201)),
        ("hugeint", "cast('-170141183460469231731687303715884105728' as hugeint) + cast(@ as int)",
         (HUGE - ROWS, HUGE - 1)),
        ("smallint", "case when cast(@ as int) < 600 then -32768 + cast(@ as int) "
         "else 32767 - (cast(@ as int) - 600) end", (32167 - ROWS + 1, 32167)),
        ("double", "cast(@ as int) - 1e300", (2**53 - ROWS + 1, 2**53)),
        ("float", "cast(@ as int) - 16777216", (2**24 - ROWS + 1, 2**24)),
        ("decimal(5,1)", "cast(@ as int) - 9998", (9999 - ROWS + 1, 9999)),
    ],
)  # fmt: skip
def test_keys_are_of_the_type_and_of_nobody_wherever_the_real_ones_lie(conn, type_, key, made):
    if type_ == "double":
        # So far out no number has one beside it: nobody's is counted down from there.
        key = "case when cast(@ as int) = 0 then -1e300 else cast(@ as int) end"
    assert written(conn, type_, key) == made


def test_a_type_without_room_is_refused_with_the_numbers_it_holds(conn):
    with pytest.raises(PipelineError, match=r"900 fresh keys do not fit 'id' \(SMALLINT\)") as told:
        written(conn, "smallint", "cast(@ as int) * 54 - 32768")
    assert "-32768 to 32767" in str(told.value)


def test_keys_are_not_those_of_real_people_that_nothing_is_learnt_from(conn):
    conn.execute("create table gold.strangers as select n + 1200 as id from range(5000) as s (n)")
    least, _ = written(conn, "uinteger", "cast(@ as int)")
    (met,) = conn.sql("select max(id) from gold.strangers").fetchone() or (None,)
    assert met is not None
    assert least > met
