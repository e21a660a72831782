"""Rows of one key and day are found however the keys lie."""

from collections import Counter
from datetime import UTC, date, datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.columns import Source, describe
from ml.data.checks import Grain, check_rows
from ml.errors import PipelineError
from ml.relation import Relation

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TYPES = ("tinyint", "utinyint", "integer", "bigint", "ubigint", "hugeint", "varchar")
# Close together, where a bit stands for each; at the ends of the type; far apart.
STARTS = {"tinyint": (-128, 100), "utinyint": (0, 228), "integer": (-(2**31), 7, 2**31 - 30)}
ANY = (-(2**63), -3, 0, 2**63 - 30)
OFFSETS = st.integers(0, 27)
DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 6))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), kind=st.sampled_from(TYPES), by_day=st.booleans(), timed=st.booleans())
def test_repeated_rows_are_found_and_counted_as_python_counts_them(data, kind, by_day, timed):
    start = data.draw(st.sampled_from(STARTS.get(kind, ANY)))
    start = max(start, 0) if kind == "ubigint" else start
    far = data.draw(st.sampled_from((1, 10**9))) if kind in ("hugeint", "varchar") else 1
    rows = data.draw(st.lists(st.tuples(OFFSETS, OFFSETS, DAYS), max_size=12))
    rows = [(start + far * one, two, day) for one, two, day in rows]
    conn = duckdb.connect()
    conn.execute(f"create table t (a {kind}, b smallint, day date)")
    for row in rows:
        conn.execute("insert into t values (?, ?, ?)", row)
    relation = Relation("main", "t")
    columns = describe(conn, relation)
    key = [columns["a"], columns["b"]]
    grain = Grain(key, columns["day"] if timed else None, by_day=by_day)
    counts = Counter(row if timed else row[:2] for row in rows)
    source = Source("t", relation, columns)
    if all(count == 1 for count in counts.values()):
        assert check_rows(conn, source, grain, NOW) == len(rows)
        return
    with pytest.raises(PipelineError, match=r"rows for one a, b") as refused:
        check_rows(conn, source, grain, NOW)
    told = {f"{count} rows" for count in counts.values() if count > 1}
    assert any(each in str(refused.value) for each in told)


@pytest.mark.parametrize("repeated", [True, False])
@pytest.mark.parametrize("spread", [1, 3, 100, 10**12])
def test_many_keys_are_told_apart_whether_they_lie_close_or_far_apart(spread, repeated):
    conn = duckdb.connect()
    conn.execute(f"create table t as select range * {spread} as a from range(50000)")
    if repeated:
        conn.execute(f"insert into t values ({4711 * spread})")
    relation = Relation("main", "t")
    columns = describe(conn, relation)
    source, grain = Source("t", relation, columns), Grain([columns["a"]], None)
    if repeated:
        with pytest.raises(PipelineError, match=f"2 rows for one a: {4711 * spread};"):
            check_rows(conn, source, grain, NOW)
    else:
        assert check_rows(conn, source, grain, NOW) == 50000
