import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataops.sandbox.masking import masked_sql

TEXT = st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(TEXT, min_size=1, max_size=30),
    name=st.sampled_from(["a", 'x"; drop', "é ü"]),
)
def test_masked_text_keeps_equality_and_nulls_and_nothing_else(
    values: list[str | None], name: str
) -> None:
    with duckdb.connect() as connection:
        quoted = '"' + name.replace('"', '""') + '"'
        connection.execute(f"create table t ({quoted} varchar)")
        connection.executemany("insert into t values (?)", [[value] for value in values])
        mask = masked_sql(name, "VARCHAR", "5a17")
        shown = [row[0] for row in connection.execute(f"select {mask} from t").fetchall()]
        again = connection.execute(f"select {mask} from (select {mask} as {quoted} from t)")
        assert [row[0] for row in again.fetchall()] == shown
    pairs = set(zip(values, shown, strict=True))
    assert len(pairs) == len(set(values)) == len(set(shown))
    assert all((value is None) == (mask is None) for value, mask in pairs)
    assert all(mask is None or mask.startswith("pii_") for _, mask in pairs)


def test_another_salt_gives_another_mask() -> None:
    masks = [masked_sql("a", "VARCHAR", salt) for salt in ("one", "two")]
    row = duckdb.sql(f"select {masks[0]}, {masks[1]} from (select 'Ann' as a)").fetchall()[0]
    assert row[0] != row[1]


@pytest.mark.parametrize(
    ("value", "type_", "wanted"),
    [
        ("date '1980-05-17'", "DATE", "1980-01-01"),
        ("timestamp '1980-05-17 08:09:10'", "TIMESTAMP", "1980-01-01 00:00:00"),
        ("41", "INTEGER", None),
        ("['Ann']", "VARCHAR[]", None),
        ("[date '1980-05-17']", "DATE[]", None),
        ("{'name': 'Ann'}", 'STRUCT("name" VARCHAR)', None),
        ("'Ann'::blob", "BLOB", None),
        ("null::date", "DATE", None),
    ],
)
def test_what_is_no_text_becomes_the_start_of_its_year_or_null(
    value: str, type_: str, wanted: str | None
) -> None:
    sql = f"select {masked_sql('a', type_, 'salt')}::varchar, typeof({masked_sql('a', type_, 's')})"
    shown, kept = duckdb.sql(f"{sql} from (select {value} as a)").fetchall()[0]
    assert (shown, kept) == (wanted, type_)
