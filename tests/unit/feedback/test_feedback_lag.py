"""A lag in time is seen in SQL that keeps it, and in no other; DuckDB itself is the judge."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataops.feedback.before import bounds

TOLD = {"predictions.m": {"as_of_date": False}}
CATALOG = {
    "g": {"s": {"k": "INTEGER", "d": "DATE", "at": "TIMESTAMP"}},
    "predictions": {
        "m": {"k": "INTEGER", "as_of_date": "DATE", "f": "INTEGER", "learnt_until": "TIMESTAMP"}
    },
}
FROM = "select s.k, s.d, p.f from g.s as s "
LEFT = FROM + "left join predictions.m as p on p.k = s.k and "
KEPT = [
    LEFT + "p.as_of_date < s.d",
    LEFT + "s.d > p.as_of_date",
    LEFT + "p.as_of_date <= s.d - interval 1 day",
    LEFT + "p.as_of_date + interval '7 days' <= s.d",
    LEFT + "p.as_of_date <= s.d - 1",
    LEFT + "p.as_of_date = s.d - 1",
    LEFT + "p.as_of_date between s.d - interval 30 day and s.d - interval 1 day",
    LEFT + "cast(date_diff('day', p.as_of_date, s.d) as integer) >= 1",
    LEFT + "date_diff('day', p.as_of_date, s.d) between 1 and 7",
    LEFT + "(p.as_of_date < s.d and (p.f > 3 or p.f < 1))",
    LEFT + "p.as_of_date < cast(s.at as date) and cast(s.at as date) = s.d",
    FROM + "inner join predictions.m as p on p.k = s.k where p.as_of_date < s.d",
    FROM + ", predictions.m as p where p.k = s.k and p.as_of_date < s.d",
    FROM + "asof left join predictions.m as p on s.k = p.k and s.d > p.as_of_date",
    "select k, d, (select avg(p.f) from predictions.m as p where p.as_of_date < s.d) as f "
    "from g.s as s",
    "select k, d from g.s as s where exists (select 1 from predictions.m as p where p.k = s.k and "
    "p.as_of_date < s.d)",
    "select s.k, s.d, l.f from g.s as s left join lateral (select max(p.f) as f from predictions.m "
    "as p where p.as_of_date < s.d) as l on true",
    "with t as (select * from predictions.m), o as (select s.k, s.d, avg(t.f) as f from g.s as s "
    "join t on t.as_of_date < s.d group by all) select k, d, o.f from g.s left join o using (k, d)",
    "with t as (select *, row_number() over (partition by k, as_of_date order by f) as place "
    "from predictions.m) select s.d, t.f from g.s as s join t on t.as_of_date < s.d and place = 1",
    FROM + "join predictions.m as p on p.as_of_date < s.d qualify row_number() over (partition by "
    "s.k, s.d order by p.as_of_date desc, p.f) = 1",
    "select k, as_of_date + 1 as d, f from predictions.m",
]  # fmt: skip
NOT_KEPT = [
    LEFT + "p.as_of_date <= s.d",
    LEFT + "p.as_of_date = s.d",
    LEFT + "(p.as_of_date < s.d or p.f is null)",
    LEFT + "not p.as_of_date >= s.d",
    LEFT + "p.learnt_until < s.d",
    LEFT + "p.as_of_date < current_date",
    LEFT + "p.as_of_date < s.d + interval 1 day",
    LEFT + "p.as_of_date - interval 1 day < s.d",
    LEFT + "date_diff('day', p.as_of_date, s.d) >= 0",
    LEFT + "p.as_of_date < s.at",
    LEFT + "p.as_of_date <= s.at - interval 1 hour",
    FROM + "right join predictions.m as p on p.as_of_date < s.d",
    FROM + "full join predictions.m as p on p.as_of_date < s.d",
    FROM + "left join predictions.m as p on p.k = s.k where p.f > 1",
    "select s.d, (select avg(p.f) from predictions.m as p where p.k = s.k) as f from g.s as s",
    "with t as (select k, max(as_of_date) as last, sum(f) as f from predictions.m group by k) "
    "select s.d, t.f from g.s as s join t on t.k = s.k and t.last < s.d",
    "with t as (select k, min(as_of_date) as first, sum(f) as f from predictions.m group by k) "
    "select s.d, t.f from g.s as s join t on t.k = s.k and t.first < s.d",
    "with t as (select *, lead(f) over (partition by k order by as_of_date) as next from "
    "predictions.m) select s.d, t.next from g.s as s join t on t.as_of_date < s.d",
    FROM + "join predictions.m as p on p.as_of_date < s.d qualify row_number() over (partition by "
    "s.k order by p.as_of_date desc) = 1",
    "select distinct on (s.k) s.d, p.f from g.s as s join predictions.m as p on p.as_of_date < s.d",
    FROM + "join predictions.m as p on p.as_of_date < s.d order by p.f limit 3",
    FROM + "join predictions.m as p on p.as_of_date < s.d union all select k, as_of_date, f from "
    "predictions.m",
    "select s.d + 1 as d from g.s as s join predictions.m as p on p.as_of_date <= s.d "
    "group by grouping sets ((s.d), ())",
]  # fmt: skip


@pytest.mark.parametrize("sql", KEPT)
def test_a_lag_that_is_kept_is_seen(sql: str) -> None:
    assert (bounds(sql, TOLD, CATALOG) or {}).get("d") is True


@pytest.mark.parametrize("sql", NOT_KEPT)
def test_a_lag_that_is_not_kept_is_not_seen(sql: str) -> None:
    assert (bounds(sql, TOLD, CATALOG) or {}).get("d") is not True


def test_the_newest_word_on_a_day_is_bound_by_the_day_without_a_catalog_too() -> None:
    newest = "select k, as_of_date, f from predictions.m qualify row_number() over " \
        "(partition by k, as_of_date order by scored_at desc) = 1"  # fmt: skip
    assert bounds(newest, TOLD, {}) == {"as_of_date": False}
    assert bounds(newest.replace(", as_of_date order", " order"), TOLD, {}) == {}


def test_what_reads_no_predictions_has_nothing_to_keep() -> None:
    assert bounds("select k, d from g.s", TOLD, CATALOG) is None


@pytest.mark.parametrize(
    "sql",
    [
        "with recursive t as (select k, as_of_date as d from predictions.m union all "
        "select k, d - 1 from t where k > 0) select * from t",
        "pivot predictions.m on k using sum(f)",
        "selec",
    ],
)
def test_what_cannot_be_read_is_said(sql: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        bounds(sql, TOLD, CATALOG)


def _offset(days: int) -> str:
    return f" + interval {days} day" if days > 0 else f" - {-days}" if days else ""


DAYS = st.integers(-2, 2).map(_offset)
COMPARED = st.one_of(
    st.sampled_from(["t.d < s.d", "t.d <= s.d - 1", "t.d + interval 1 day <= s.d"]),
    st.builds(
        "t.d{} {} s.d{}".format, DAYS, st.sampled_from(["<", "<=", "=", ">", ">=", "<>"]), DAYS
    ),
    st.builds("t.d between s.d{} and s.d{}".format, DAYS, DAYS),
    st.builds("date_diff('day', t.d, s.d) >= {}".format, st.integers(-1, 2)),
)
CONDITION = st.one_of(
    COMPARED,
    st.builds("({} or {})".format, COMPARED, COMPARED),
    st.builds("{} and {}".format, COMPARED, COMPARED),
    st.just("true"),
)
ON, WHERE = st.one_of(COMPARED, CONDITION), st.one_of(st.just("true"), CONDITION)
SOURCE = st.sampled_from([
    "select k, as_of_date as d, f from predictions.m",
    "select * exclude (as_of_date), as_of_date as d from predictions.m",
    "select k, as_of_date + 1 as d, f from predictions.m",
    "select k, as_of_date - 1 as d, f from predictions.m",
    "select k, max(as_of_date) as d, sum(f) as f from predictions.m group by k",
    "select k, min(as_of_date) as d, sum(f) as f from predictions.m group by k",
    "select k, as_of_date as d, sum(f) as f from predictions.m group by k, as_of_date",
    "select k, as_of_date as d, sum(f) over (partition by k) as f from predictions.m",
    "select k, as_of_date as d, sum(f) over (partition by as_of_date) as f from predictions.m",
    "select k, as_of_date as d, f from predictions.m union all select k, d, k from g.s",
    "select k, as_of_date as d, f from predictions.m order by f, k limit 2",
    "select distinct on (k) k, as_of_date as d, f from predictions.m order by f, as_of_date",
])  # fmt: skip
JOIN = st.sampled_from(["inner", "left", "right", "full"])
WHOLE = st.sampled_from([
    "select s.k, s.d, t.f from {} where {}",
    "select s.k, s.d, sum(t.f) as f from {} where {} group by s.k, s.d",
    "select s.k, max(s.d) as d, sum(t.f) as f from {} where {} group by s.k",
    "select s.k, min(s.d) as d, sum(t.f) as f from {} where {} group by s.k",
    "select s.k, s.d, sum(t.f) over (partition by s.k) as f from {} where {}",
    "select t.k, t.d, t.f from {} where {}",
    "select s.k, coalesce(s.d, t.d) as d, t.f from {} where {}",
])  # fmt: skip


@pytest.fixture(scope="module")
def world() -> duckdb.DuckDBPyConnection:
    """Rows of six days, and a prediction of each of them for three keys."""
    connection = duckdb.connect()
    connection.execute("create schema g; create schema predictions")
    connection.execute(
        "create table g.s as select k, date '2025-01-01' + cast(day as integer) as d "
        "from range(3) as a(k), range(6) as b(day) where (k + day) % 3 > 0"
    )
    connection.execute(
        "create table predictions.every as select k, date '2025-01-01' + cast(day as integer) "
        "as as_of_date, cast(hash(k, day) % 90 as bigint) as f "
        "from range(3) as a(k), range(6) as b(day)"
    )
    return connection


@settings(max_examples=40, deadline=None)
@given(SOURCE, JOIN, ON, WHERE, WHOLE, st.booleans())
def test_rows_of_a_kept_lag_are_the_same_whatever_is_told_from_their_day_on(
    world: duckdb.DuckDBPyConnection,
    source: str,
    join: str,
    on: str,
    where: str,
    whole: str,
    is_turned: bool,
) -> None:
    left, right = ("t", "g.s as s") if is_turned else ("g.s as s", "t")
    of = f"{left} {join} join {right} on s.k = t.k and {on}"
    sql = f"with t as ({source}) {whole.format(of, where)}"
    if (bounds(sql, TOLD, CATALOG) or {}).get("d"):
        for day in range(1, 6):
            rows = f"select * from ({sql}) where d <= date '2025-01-0{day}' order by all"
            assert _told(world, rows, day, "true") == _told(world, rows, day, "false")


def _told(world: duckdb.DuckDBPyConnection, rows: str, day: int, is_told: str) -> object:
    """Return ``rows`` with what was told from ``day`` on, or with other things told instead."""
    late = f"as_of_date >= date '2025-01-0{day}'"
    world.execute(
        "create or replace view predictions.m as select k, as_of_date, "
        f"case when {late} and not {is_told} then -f else f end as f from predictions.every "
        f"where {is_told} or not {late} or k > 0"
    )
    return world.execute(rows).fetchall()
