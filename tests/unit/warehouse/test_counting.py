"""How large a table is, beside what DuckDB says of the whole file."""

from pathlib import Path

import duckdb

from dataops.warehouse.counting import bytes_of
from ml.relation import Relation

BLOCK = 262_144


def test_the_bytes_of_the_tables_add_up_to_those_of_the_file(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute('create schema "a b"')
        connection.execute('create table "a b"."it\'s" as select random() as r from range(500000)')
        connection.execute(
            "create table texts as select repeat(random()::varchar, 400) as t from range(3000)"
        )
        connection.execute("create table tiny as select 1 as one")
        connection.execute("create view looked as select * from texts")
        connection.execute("checkpoint")
        size = {
            name: bytes_of(connection, Relation(*name.split(".")))
            for name in ("a b.it's", "main.texts", "main.tiny", "main.looked", "main.absent")
        }
        (used,) = connection.execute(
            "select used_blocks * block_size from pragma_database_size()"
        ).fetchone() or (0,)
    assert size["main.looked"] is None
    assert size["main.absent"] is None
    assert size["main.tiny"] in (0, BLOCK)
    counted = sum(each or 0 for each in size.values())
    # The file also has blocks of its own; a block that two tables share counts twice.
    assert abs(counted - used) <= 4 * BLOCK
    assert used > 20 * BLOCK
