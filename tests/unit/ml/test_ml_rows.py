import numpy as np
import pyarrow as pa
import pytest

from ml.columns import Column
from ml.data.dataset import find_training_set, read
from ml.data.features import fit_encoder, missing_in
from tests.unit.ml.world import NOW

COLUMNS = [Column("n", "DOUBLE"), Column("c", "VARCHAR"), Column("f", "BOOLEAN")]
ROWS = pa.table(
    {
        "n": pa.array([1.5, None, float("nan"), 4.0, 5.0]),
        "c": pa.array(["b", "a", "b", None, "z"]),
        "f": pa.array([1.0, 0.0, None, 1.0, 0.0]),
    }
)


def same(one, two):
    """Whether two tables are equal, NaN being equal to itself."""
    return repr(one.to_pydict()) == repr(two.to_pydict())


@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_at_positions_are_encoded_as_those_rows_alone(order):
    at = np.array([4, 0, 2, 2])
    alone = ROWS.take(at)
    some = fit_encoder(COLUMNS, ROWS, reads="numbers", most=255, at=at)
    assert some == fit_encoder(COLUMNS, alone, reads="numbers", most=255)
    assert some.features[1].categories == ("b", "z")
    matrix = some.encode(ROWS, at=at, order=order)
    assert np.array_equal(matrix, some.encode(alone), equal_nan=True)
    assert missing_in(ROWS.column(0), at) == 2


def test_many_rows_are_encoded_side_by_side_as_few_are(monkeypatch):
    encoder = fit_encoder(COLUMNS, ROWS, reads="numbers", most=255)
    few = encoder.encode(ROWS)
    monkeypatch.setattr("ml.data.side_by_side._MANY_ROWS", 1)
    assert np.array_equal(encoder.encode(ROWS), few, equal_nan=True)


@pytest.mark.parametrize("key", ["varchar", "hugeint", "uuid", "decimal(38, 2)", "double"])
def test_rows_come_in_the_order_of_key_and_time_whatever_the_type_of_the_key(world, key):
    value = "md5(id)::uuid" if key == "uuid" else f"substr(id, 2)::{key}"
    world.sql(f"create or replace table gold.trn as select * replace ({value} as id) from gold.trn")
    found = find_training_set(world.conn, world.spec(), world.relations, NOW)
    first = read(world.conn, found)
    world.sql("create table gold.other as select * from gold.trn order by hash(a)")
    world.sql("drop table gold.trn")
    world.sql("alter table gold.other rename to trn")
    again = read(world.conn, found)
    assert not np.array_equal(first.at, again.at)
    assert same(first.features, again.features)
    assert np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.times, again.times)


def test_what_is_taken_of_what_was_taken_is_what_it_says(world):
    spec = world.spec({"evaluate": {"segments": ["c"]}})
    rows = read(world.conn, find_training_set(world.conn, spec, world.relations, NOW))
    some = rows.take(np.arange(10, 50)).take(np.array([3, 1]))
    assert same(some.features, rows.features.take([13, 11]))
    assert some.segments.equals(rows.segments.take([13, 11]))
    assert list(some.labels) == [rows.labels[13], rows.labels[11]]
    assert some.table is rows.table
