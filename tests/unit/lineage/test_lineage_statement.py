"""What each column of a statement is made of, held against DuckDB itself."""

import duckdb
import pytest
from sqlglot.lineage import lineage as sqlglot_lineage

from dataops.lineage.catalog import read_catalog
from dataops.lineage.graph import Lineage
from dataops.lineage.places import ROWS, Made, Place
from dataops.lineage.statement import trace

CATALOG = {
    "silver": {
        "calls": dict.fromkeys(("call_id", "customer_id", "rating", "seconds", "reason"), "INT"),
        "customers": dict.fromkeys(("customer_id", "country", "born"), "INT"),
    }
}
SQL = """
with calls as (select * from "warehouse"."silver"."calls"),

totals as (
    select
        customer_id,
        sum(seconds) as seconds,
        max(case when rating <= 2 then reason end) as worst,
        count(*) as calls
    from calls
    group by customer_id
),

ranked as (
    select *, row_number() over (partition by customer_id order by call_id) as place from calls
),

final as (
    select
        customers.country as land,
        -cast(totals.seconds as bigint) as minus_seconds,
        coalesce(totals.calls, 0) + customers.born as both,
        not (totals.worst) as is_not,
        ranked.place,
        (select min(call_id) from calls as c where c.customer_id = customers.customer_id) as first,
        1 as one
    from "warehouse"."silver"."customers"
    left join totals on totals.customer_id = customers.customer_id
    left join ranked on ranked.customer_id = customers.customer_id
)

select * from final
"""


def reached(sql: str, column: str, catalog=CATALOG) -> set[str]:
    """The columns of tables that ``column`` of ``sql`` is made of."""
    lineage = Lineage({"gold.made": sql}, catalog)
    assert lineage.unresolved(Place("gold.made", column)) is None
    return {f"{end.relation}.{end.column}" for end in lineage.ends(Place("gold.made", column))}


@pytest.mark.parametrize(
    ("column", "ends"),
    [
        ("land", {"customers.country"}),
        ("minus_seconds", {"calls.seconds"}),
        ("both", {"customers.born"}),
        ("is_not", {"calls.rating", "calls.reason"}),
        ("place", {"calls.customer_id", "calls.call_id"}),
        ("first", {"calls.call_id"}),
        ("one", set()),
    ],
)
def test_a_column_is_made_of_these_columns_of_tables(column, ends):
    assert reached(SQL, column) == {f"silver.{each}" for each in ends}


def test_sqlglots_own_lineage_reaches_the_same_columns():
    for column in ("land", "minus_seconds", "both", "is_not", "place"):
        nodes = sqlglot_lineage(column, SQL, schema={"warehouse": CATALOG}, dialect="duckdb").walk()
        leaves = {
            f"silver.{node.expression.name}.{node.name.split('.')[-1]}"
            for node in nodes
            if type(node.expression).__name__ == "Table"
        }
        assert reached(SQL, column) == {each.replace('"', "") for each in leaves}, column


def test_a_name_and_a_cast_are_the_same_column_and_an_aggregate_is_of_rows():
    cells = trace(SQL, "gold.made", CATALOG)
    made = {
        place.column: cells[place].made
        for place in cells
        if place.scope == "final" and place.column != ROWS
    }
    assert made == {
        "land": Made.SAME, "minus_seconds": Made.NEGATED, "both": Made.ROW, "is_not": Made.NEGATED,
        "place": Made.SAME, "first": Made.ROWS, "one": Made.ROW,
    }  # fmt: skip
    totals = {place.column: cells[place].made for place in cells if place.scope == "totals"}
    assert totals["customer_id"] is Made.SAME
    assert {totals[each] for each in ("seconds", "worst", "calls")} == {Made.ROWS}


def test_a_value_that_changes_is_one_that_lineage_names():
    """The oracle is DuckDB: change one column of a table, and see which results are others."""
    conn = duckdb.connect(config={"threads": 1})
    conn.execute("attach ':memory:' as warehouse; use warehouse; create schema silver")
    conn.execute(
        "create table silver.calls as select i as call_id, i % 5 as customer_id, "
        "i % 3 + 1 as rating, i * 7 as seconds, (i % 4) // 2 as reason from range(10) as t(i)"
    )
    conn.execute(
        "create table silver.customers as select i as customer_id, i % 3 as country, i as born "
        "from range(5) as t(i)"
    )
    columns = ["land", "minus_seconds", "both", "is_not", "place", "first", "one"]
    before = {each: outcome(conn, each) for each in columns}
    for table, column in (
        ("calls", "rating"), ("calls", "seconds"), ("calls", "reason"), ("customers", "country"),
        ("customers", "born"),
    ):  # fmt: skip
        conn.execute("begin")
        conn.execute(f"update silver.{table} set {column} = {column} * 2 + 1")
        changed = {each for each in columns if outcome(conn, each) != before[each]}
        conn.execute("rollback")
        catalog = read_catalog(conn)
        changes = f"silver.{table}.{column}"
        named = {each for each in columns if changes in reached(SQL, each, catalog)}
        assert changed
        assert changed <= named, (table, column)


def outcome(conn, column):
    return conn.execute(f'select "{column}" from ({SQL}) order by all').fetchall()


def test_each_side_of_a_union_is_read_by_position():
    sql = (
        "select rating as a, seconds as b from silver.calls "
        "union all select seconds, rating from silver.calls"
    )
    cells = trace(sql, "gold.made", CATALOG)
    (first, second) = cells[Place("gold.made", "a")].parents
    assert {first.place.column, second.place.column} == {"a", "seconds"}
    assert reached(sql, "a") == {"silver.calls.rating", "silver.calls.seconds"}


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select * from silver.calls union by name select * from silver.calls", "UNION BY NAME"),
        ("pivot silver.calls on rating using sum(seconds)", "PIVOT"),
        ("select columns('r.*') from silver.calls", "COLUMNS"),
        ("select rating frm silver.calls where", "sqlglot"),
        ("create table x (a int)", "not a SELECT"),
    ],
)
def test_what_cannot_be_resolved_is_told(sql, why):
    lineage = Lineage({"gold.made": sql}, CATALOG)
    assert why in (lineage.unresolved(Place("gold.made", "rating")) or "")


@pytest.mark.parametrize(
    "sql",
    [
        "select hash(calls) as rating from silver.calls",
        "select to_json(calls)->>'rating' as rating from silver.calls",
        "with rows as (select calls as r from silver.calls) select r.reason as rating from rows",
        "select c as rating from silver.calls as c",
    ],
)
def test_a_row_that_is_read_whole_is_told(sql):
    lineage = Lineage({"gold.made": sql}, CATALOG)
    assert "the whole row" in (lineage.unresolved(Place("gold.made", "rating")) or "")


def test_a_named_window_is_part_of_what_uses_it():
    sql = """
    select sum(seconds) over w as a, row_number() over (latest rows 3 preceding) as b, call_id as c
    from silver.calls
    window w as (partition by customer_id), latest as (w order by rating)
    """
    of = {each: {end.split(".")[-1] for end in reached(sql, each)} for each in "abc"}
    assert of == {"a": {"seconds", "customer_id"}, "b": {"customer_id", "rating"}, "c": {"call_id"}}


def test_rows_written_out_are_made_of_what_stands_in_them():
    sql = """
    select known.a, said.b from silver.calls
    cross join (values (1, 2)) as known(a, x) cross join lateral (values (rating, 3)) as said(b, y)
    """
    assert reached(sql, "a") == set()
    assert reached("select b from silver.calls, unnest([1, 2]) as words(b)", "b") == set()
    assert reached(sql, "b") == {"silver.calls.rating"}


def test_a_table_the_catalog_does_not_have_leaves_a_star_unresolved():
    lineage = Lineage({"gold.made": "select * from silver.nowhere"}, CATALOG)
    assert lineage.unresolved(Place("gold.made", "rating")) is not None


def test_a_model_that_was_never_compiled_is_told():
    catalog = CATALOG | {"gold": {"python": {"rating": "INT"}}}
    lineage = Lineage({"gold.made": "select rating from gold.python", "gold.python": None}, catalog)
    told = lineage.unresolved(Place("gold.made", "rating"))
    assert told == "gold.python: it has no compiled SQL"


def test_ctes_of_one_name_are_kept_apart():
    sql = """
    with calls as (
        with calls as (select rating as x, reason as y from silver.calls) select y as x from calls
    )
    select x from calls
    """
    assert reached(sql, "x") == {"silver.calls.reason"}


def test_a_recursive_query_ends():
    sql = """
    with recursive tree as (
        select call_id, 0 as depth from silver.calls
        union all
        select tree.call_id, tree.depth + 1 from tree where tree.depth < 3
    )
    select call_id from tree
    """
    lineage = Lineage({"gold.made": sql}, CATALOG)
    assert Place("silver.calls", "call_id") in lineage.ends(Place("gold.made", "call_id"))


def test_rows_of_a_list_are_made_of_the_list():
    sql = "select word from silver.calls, unnest(string_split(reason, ' ')) as words(word)"
    assert reached(sql, "word") == {"silver.calls.reason"}
