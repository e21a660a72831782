"""The columns that lineage expands stars by, where several databases are attached."""

import duckdb

from dataops.lineage.catalog import read_catalog


def test_a_table_of_several_databases_has_the_columns_of_one_the_connected_first():
    conn = duckdb.connect()
    conn.execute(
        "attach ':memory:' as first; create schema first.silver;"
        "create table first.silver.plans as select 1 as id, 2 as gone;"
        "create table first.silver.rates as select 1 as id, true as old;"
        "attach ':memory:' as second; create schema second.silver;"
        "create table second.silver.rates as select 1 as id, 's' as new;"
        "create schema silver; create table silver.Plans as select 's' as Id, 3.5::double as price"
    )
    assert read_catalog(conn)["silver"] == {
        "plans": {"id": "VARCHAR", "price": "DOUBLE"},
        "rates": {"id": "INTEGER", "old": "BOOLEAN"},
    }
