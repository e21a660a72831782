import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.columns import Column
from ml.data.features import Encoder, fit_encoder, infinite

COLUMNS = [Column("n", "DOUBLE"), Column("f", "BOOLEAN"), Column("c", "VARCHAR")]
ROWS = pa.table(
    {
        "n": pa.array([1.5, None, float("nan"), 4.0]),
        "f": pa.array([1.0, 0.0, None, 1.0]),
        "c": pa.array(["b", "a", "b", None]),
    }
)


def test_numbers_booleans_and_categories_become_one_matrix():
    encoder = fit_encoder(COLUMNS, ROWS, reads="numbers", most=255)
    nan = np.nan
    wanted = [[1.5, 1, 1], [nan, 0, 0], [nan, nan, 1], [4, 1, nan]]
    assert np.array_equal(encoder.encode(ROWS), wanted, equal_nan=True)
    assert [feature.missing for feature in encoder.features] == [2, 1, 1]


def test_a_value_not_among_the_training_rows_is_missing():
    encoder = fit_encoder(COLUMNS, ROWS, reads="numbers", most=255)
    later = ROWS.set_column(2, "c", pa.array(["zz", "b", "", "A"]))
    assert np.array_equal(encoder.encode(later)[:, 2], [np.nan, 1, np.nan, np.nan], equal_nan=True)


def test_the_rarest_categories_are_missing_where_there_are_too_many():
    values = ["x"] * 3 + ["y"] * 2 + ["p", "q", "r"]
    rows = pa.table({"c": values})
    encoder = fit_encoder([Column("c", "VARCHAR")], rows, reads="numbers", most=3)
    (feature,) = encoder.features
    assert (feature.categories, feature.rare) == (("p", "x", "y"), 2)


def test_texts_of_a_row_are_joined_and_missing_ones_are_empty():
    columns = [Column("t", "VARCHAR"), Column("u", "VARCHAR")]
    rows = pa.table({"t": ["a", None, None], "u": ["b", "c", None]})
    encoder = fit_encoder(columns, rows, reads="text", most=255)
    assert list(encoder.encode(rows)) == ["a\nb", "c", ""]


def test_infinite_values_are_found():
    rows = ROWS.set_column(0, "n", pa.array([1.0, float("-inf"), None, float("nan")]))
    assert infinite(COLUMNS, ROWS) == []
    assert infinite(COLUMNS, rows) == ["n"]


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=1, max_size=40))
def test_codes_are_the_positions_of_the_sorted_values_and_survive_json(values):
    rows = pa.table({"c": pa.array(values, pa.string())})
    encoder = fit_encoder([Column("c", "VARCHAR")], rows, reads="numbers", most=255)
    kept = Encoder.from_json(encoder.to_json())
    assert kept == encoder
    known = sorted({value for value in values if value is not None})
    wanted = [np.nan if value is None else known.index(value) for value in values]
    assert np.array_equal(kept.encode(rows)[:, 0], wanted, equal_nan=True)


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("TINYINT", "number"),
        ("UHUGEINT", "number"),
        ("DECIMAL(38,10)", "number"),
        ("FLOAT", "number"),
        ("BOOLEAN", "boolean"),
        ("VARCHAR", "text"),
        ("ENUM('a[]', 'b(')", "text"),
        ("DATE", "time"),
        ("TIMESTAMP WITH TIME ZONE", "time"),
        ("INTEGER[]", None),
        ("VARCHAR[3]", None),
        ("STRUCT(a INTEGER)", None),
        ("DECIMAL(4,1)[]", None),
        ("BLOB", "photo"),
        ("UUID", None),
        ("INTERVAL", None),
    ],
)
def test_a_type_says_what_can_be_done_with_the_column(type_, kind):
    assert Column("x", type_).kind == kind
