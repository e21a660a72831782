"""What `goldloop new` writes for columns with awkward names and types, or how it refuses them."""

import random
import re
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import yaml

from dataops.scaffold.asked import Aggregate, AskedFeature, Column
from dataops.scaffold.asked_model import AskedModel
from dataops.scaffold.feature_sql import feature_sql
from dataops.scaffold.feature_yaml import feature_contract, feature_yaml
from dataops.scaffold.model_files import door_sql, door_yaml
from dataops.scaffold.text import quoted
from ml.errors import UsageError
from ml.relation import Relation, quote
from tests.unit.features.test_features_declared import manifest, node, unique
from tests.unit.scaffold.test_scaffold_feature import COLUMNS, asked, resolve

Rows = list[dict[str, Any]]


def land(connection: duckdb.DuckDBPyConnection, table: str, columns: Any, rows: Rows) -> None:
    typed = ", ".join(f"{quote(column.name)} {column.type}" for column in columns)
    connection.execute(f"create table {table} ({typed})")
    values = [[row.get(column.name) for column in columns] for row in rows]
    connection.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", values)


def run(sql: str, connection: duckdb.DuckDBPyConnection) -> Rows:
    cursor = connection.execute(re.sub(r"\{\{ \w+\(.*?'(\w+)'\) \}\}", r"\1", sql))
    names = [each[0] for each in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def gives(feature: AskedFeature) -> tuple[Rows, Rows]:
    """Return what the SQL gives of the rows of the unit test, and what the test expects."""
    test = yaml.safe_load(feature_yaml(feature))["unit_tests"][0]
    given = {re.findall(r"'(\w+)'", each["input"])[0]: each["rows"] for each in test["given"]}
    connection = duckdb.connect()
    land(connection, "all_trips", feature.read, given["all_trips"])
    land(connection, "days", [feature.as_of], given["days"])
    return run(feature_sql(feature), connection), test["expect"]["rows"]


def is_same(value: Any, expected: Any) -> bool:
    """Whether a value is the one that YAML has, which knows no uuid, decimal or time."""
    if isinstance(value, (Decimal, float)):
        return float(value) == pytest.approx(float(expected))
    return value == expected or str(value) == str(expected)


def is_what_is_expected(row: dict[str, Any], expected: dict[str, Any]) -> bool:
    return all(is_same(row[name], expected[name]) for name in expected)


KINDS = ["uuid", "tinyint", "decimal(3, 2)", "decimal(2, 2)", "decimal(38, 6)",
         "enum('S', 'no')", "boolean", "real", "numeric", "text"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_has_an_example_as_key_and_as_value(kind: str) -> None:
    column = Column("it", kind)
    how = ["sum", "avg", "min"] if column.is_number else ["count_distinct"]
    features = [asked(entity=(column,))]
    features += [asked(aggregate=Aggregate(each, column)) for each in how]
    for feature in features:
        [row], [expected] = gives(feature)
        assert is_what_is_expected(row, expected), (row, expected)


@pytest.mark.parametrize("kind", ["integer[]", "struct(a integer)", "blob", "json", "nothing"])
def test_a_type_without_an_example_is_refused(kind: str) -> None:
    made = manifest(node("trips", {}, COLUMNS | {"it": {"data_type": kind, "description": "x"}}))
    with pytest.raises(UsageError, match="'it' is .*; allowed: numbers, text"):
        resolve(made, entity=["it"])


def test_the_labels_of_an_enum_keep_their_letters() -> None:
    size = {"description": "x", "data_type": "ENUM('S', 'it''s: L')"}
    feature = resolve(manifest(node("trips", {}, COLUMNS | {"size": size})), entity=["size"])
    assert feature.entity[0].type == "enum('S', 'it''s: L')"
    described = yaml.safe_load(feature_yaml(feature))["models"][0]["columns"][0]
    assert described["data_type"] == "enum('S', 'it''s: L')"


@pytest.mark.parametrize("name", ["order", "end", "left", "no", "Ab c", "true"])
def test_a_name_that_is_a_word_of_sql_or_yaml_is_quoted(name: str) -> None:
    of_it = asked(
        entity=(Column(name, "integer"),), aggregate=Aggregate("sum", Column(name, "int"))
    )
    found, expected = gives(of_it)
    assert found == expected
    described = yaml.safe_load(feature_yaml(of_it))["models"][0]["columns"][0]
    assert (described["name"], described.get("quote", False)) == (name, name != "no")
    contract = yaml.safe_load(feature_contract(of_it, Relation("gold", "t")))
    assert contract["check_attributes"]["key"][0] == name


def test_the_door_of_a_model_has_examples_of_its_keys() -> None:
    model = AskedModel(
        name="m", task="classification", train_on="t", score_on="s", label=Column("y", "boolean"),
        key=(Column("order", "uuid"), Column("no", "tinyint")), time=Column("as_of", "date"),
        score_time=Column("as_of", "date"), preset="boosted_trees", metric="roc_auc",
        question="q?", decision="d.", owner="T",
    )  # fmt: skip
    test = yaml.safe_load(door_yaml(model))["unit_tests"][0]
    connection = duckdb.connect()
    land(connection, "m", model.columns, test["given"][0]["rows"])
    found = run(door_sql(model), connection)
    wanted = test["expect"]["rows"]
    assert len(found) == len(wanted) == 2
    by_version = sorted(found, key=lambda row: str(row["as_of_date"]))
    for row, expected in zip(by_version, wanted, strict=True):
        assert is_what_is_expected(row, expected), (row, expected)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ftr_7days", "letter first"), ("ftr_", "letter first"), ("7days", "letter first"),
        ("order", "word of SQL"), ("ftr_end", "word of SQL"),
        ("rider", "a key or the time"), ("as_of_date", "a key or the time"),
    ],
)  # fmt: skip
def test_a_name_that_no_column_can_have_is_refused(name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        resolve(name=name)


def test_a_column_called_as_that_of_the_moments_is_refused() -> None:
    there = COLUMNS | {"as_of_date": {"data_type": "date", "description": "x"}}
    made = manifest(node("trips", {}, there))
    for changes in ({"aggregate": "max:as_of_date"}, {"entity": ["rider", "as_of_date"]}):
        with pytest.raises(UsageError, match="'as_of_date' is a column that is taken"):
            resolve(made, **changes)


@pytest.mark.parametrize("how", ["sum", "avg"])
def test_doubles_keep_their_digits_and_their_sum_in_any_order(how: str) -> None:
    sql = Aggregate(how, Column("x", "double")).sql("x")
    draw = random.Random(0)
    values = [draw.lognormvariate(0, 9) * draw.choice((-1, 1)) for _ in range(5_000)]
    found = set()
    for _ in range(5):
        draw.shuffle(values)
        rows = ", ".join(f"({value!r}::double)" for value in values)
        found.add(duckdb.sql(f"select {sql} from (values {rows}) as t(x)").fetchall()[0][0])
    assert len(found) == 1
    small = duckdb.sql(f"select {sql} from (values (4e-7::double), (2e-7)) as t(x)").fetchall()
    assert small[0][0] == pytest.approx(6e-7 if how == "sum" else 3e-7)
    none = duckdb.sql(f"select isnan({sql}) from (values ('nan'::double), (1)) as t(x)")
    assert none.fetchall() == [(True,)]


def test_words_beyond_16_bits_are_yaml() -> None:
    for text in ("Rides 🚲 team", "Équipe: rétention", "bell \x07", "none", "a: 'b'"):
        assert yaml.safe_load(quoted(text)) == text
    assert "É" in quoted("Équipe: rétention")


def test_a_moment_without_a_type_is_not_chosen_unasked() -> None:
    view = {"entity": ["rider"], "event_time": "as_of", "known_time": "as_of", "ttl": "0 days",
            "owner": "T"}  # fmt: skip
    moment = {"as_of": {"description": "When."}}
    one = {"rider": COLUMNS["rider"], "n": {"description": "N."}, **moment}
    made = manifest(
        node("trips", {}, COLUMNS), node("days", {}, moment),
        node("ftr_n", {"feature_view": view}, one,
             depends_on={"nodes": ["model.p.trips", "model.p.days"]}),
        unique("ftr_n"),
    )  # fmt: skip
    assert resolve(made).moments is None


@pytest.mark.parametrize("window", ["800000 days", "9999999999 weeks"])
def test_a_window_longer_than_times_are_is_refused(window: str) -> None:
    with pytest.raises(UsageError, match=r"at most 36,500 days"):
        resolve(window=window)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Tokyo"])
def test_a_moment_is_the_same_in_a_session_of_any_zone(zone: str) -> None:
    at = Column("ended_at", "timestamp with time zone")
    feature = asked(time=at, known=None, superseded=None, moments=None, window="1 day")
    connection = duckdb.connect()
    connection.execute(
        "create table all_trips as select 1 as rider, 'a' as city, ended_at from (values "
        "(timestamptz '2025-05-01 23:59:59+00'), (timestamptz '2025-05-01 00:00:00+00')"
        ") as t(ended_at)"
    )
    connection.execute(f"set TimeZone = '{zone}'")
    assert run(feature_sql(feature), connection) == [
        {"rider": 1, "city": "a", "trips": 2, "as_of_date": date(2025, 5, 2)}
    ]
