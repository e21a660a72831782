"""What `goldloop new feature` writes: SQL that gives what its unit test says, or a refusal."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dataops.features.views import feature_views
from dataops.manifest import Manifest
from dataops.scaffold import example
from dataops.scaffold.asked import Aggregate, AskedFeature, Column, Moments
from dataops.scaffold.feature_sql import feature_sql
from dataops.scaffold.feature_yaml import feature_contract, feature_yaml
from dataops.scaffold.join_in import join_in
from dataops.scaffold.resolve import Resolver, Typed
from dataops.scaffold.writing import all_or_none
from ml.errors import UsageError
from ml.relation import Relation
from tests.unit.features.test_features_declared import manifest, node, unique

TIME, DAY = Column("ended_at", "timestamp"), Column("ended_on", "date")
KNOWN, END = Column("landed_at", "timestamp"), Column("replaced_at", "timestamp")
AGGREGATES = [
    Aggregate("count", None),
    Aggregate("count_distinct", Column("town", "varchar")),
    Aggregate("sum", Column("paid", "bigint")),
    Aggregate("sum", Column("km", "double")),
    Aggregate("avg", Column("km", "decimal(9, 2)")),
    Aggregate("min", Column("started_at", "timestamp")),
    Aggregate("max", Column("km", "double")),
]


def asked(**changes: Any) -> AskedFeature:
    usual: dict[str, Any] = {
        "name": "trips", "view": "ftr_trips", "description": "Trips: all of them.", "owner": "T",
        "says_owner": True, "entity": (Column("rider", "integer"), Column("city", "varchar")),
        "source": "all_trips", "time": TIME, "known": KNOWN, "superseded": END,
        "aggregate": AGGREGATES[0], "window": "30 days",
        "moments": Moments("days", Column("as_of", "date")), "ttl": "0 days",
    }  # fmt: skip
    return AskedFeature(**(usual | changes))


def land(connection: duckdb.DuckDBPyConnection, table: str, columns: Any, rows: Any) -> None:
    typed = ", ".join(f"{column.name} {column.type}" for column in columns)
    connection.execute(f"create table {table} ({typed})")
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f"insert into {table} values ({marks})",
        [[row[column.name] for column in columns] for row in rows],
    )


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda each: each.how)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"superseded": None},
        {"superseded": None, "known": None, "time": DAY, "window": "2 weeks"},
        {"moments": None},
        {"moments": None, "time": DAY, "superseded": None},
        {"window": "unlimited"},
        {"window": "36 hours"},
    ],
)
def test_the_sql_gives_what_the_unit_test_says(
    aggregate: Aggregate, changes: dict[str, Any]
) -> None:
    feature = asked(aggregate=aggregate, **changes)
    test = yaml.safe_load(feature_yaml(feature))["unit_tests"][0]
    given = {re.findall(r"'(\w+)'", each["input"])[0]: each["rows"] for each in test["given"]}
    connection = duckdb.connect()
    land(connection, "all_trips", feature.read, given["all_trips"])
    if feature.moments:
        land(connection, "days", [feature.as_of], given["days"])
    sql = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", feature_sql(feature))
    cursor = connection.execute(sql)
    names = [each[0] for each in cursor.description]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    key = feature.as_of.name
    assert sorted(found, key=lambda row: row[key]) == [
        {name: row[name] for name in names} for row in test["expect"]["rows"]
    ]
    assert found
    described = yaml.safe_load(feature_yaml(feature))["models"][0]["columns"]
    types = {each[0]: str(each[1]).lower() for each in cursor.description}
    assert [each["name"] for each in described] == names
    for each in described:
        kind = connection.execute(f"describe {sql}").fetchall()
        assert {row[0]: row[1] for row in kind}[each["name"]].lower() == (
            each["data_type"].replace(", ", ",")
        ), types


def test_a_row_outside_each_edge_of_the_window_does_not_count() -> None:
    feature = asked()
    rows = example.given(feature)
    assert len(rows) == 7
    (row,) = example.expected(feature, rows)
    assert row == {"rider": 1, "city": "a", "trips": 2, "as_of": date(2025, 5, 1)}
    assert rows[1]["ended_at"] == datetime(2025, 4, 1)


def test_the_contract_is_one(tmp_path: Path) -> None:
    from dataops.contracts import parse_contracts

    for place, aggregate in enumerate((AGGREGATES[0], AGGREGATES[4])):
        file = tmp_path / "contracts" / "gold" / f"t{place}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        relation = Relation("gold", f"t{place}")
        file.write_text(feature_contract(asked(aggregate=aggregate), relation))
    assert [each.owner for each in parse_contracts(tmp_path / "contracts")] == ["T", "T"]


COLUMNS = {
    "rider": {"description": "Who.", "data_type": "varchar"},
    "ended_at": {"description": "When.", "data_type": "timestamp"},
    "km": {"description": "How far.", "data_type": "double"},
    "_delivered_at": {"description": "Learnt.", "data_type": "timestamp"},
    "_superseded_at": {"description": "Until.", "data_type": "timestamp"},
}
TYPED = {"name": "far", "entity": ["rider"], "source": "trips", "time": "ended_at", "owner": "T"}


def resolve(made: Manifest | None = None, **changes: Any) -> AskedFeature:
    made = made or manifest(node("trips", {}, COLUMNS))
    return Resolver(made, feature_views(made), None).asked(Typed(**(TYPED | changes)))


def test_the_times_that_ingest_writes_are_taken_without_being_asked() -> None:
    feature = resolve()
    assert feature.known
    assert feature.superseded
    assert (feature.known.name, feature.superseded.name) == ("_delivered_at", "_superseded_at")
    assert (feature.moments, feature.ttl, feature.view) == (None, "1 day", "ftr_far")


def test_the_moments_are_those_of_the_other_views_of_the_entity() -> None:
    view = {"entity": ["rider"], "event_time": "as_of", "known_time": "as_of", "ttl": "0 days",
            "owner": "T"}  # fmt: skip
    moment = {"as_of": {"description": "When.", "data_type": "date"}}
    one = {"rider": COLUMNS["rider"], "n": {"description": "N."}, **moment}
    made = manifest(
        node("trips", {}, COLUMNS), node("days", {}, moment),
        node("ftr_n", {"feature_view": view}, one,
             depends_on={"nodes": ["model.p.trips", "model.p.days"]}),
        unique("ftr_n"),
    )  # fmt: skip
    feature = resolve(made)
    assert feature.moments
    assert (feature.moments.model, feature.as_of.name, feature.ttl) == ("days", "as_of", "0 days")


WRONG = [
    ({"source": "trip"}, ["--from is 'trip'", "trips"]),
    ({"entity": ["ridr"]}, ["--entity names 'ridr'", "rider"]),
    ({"time": "km"}, ["--time is 'km', which is double", "timestamp"]),
    ({"time": "ended"}, ["'ended'", "ended_at"]),
    ({"known": "rider"}, ["--known is 'rider'"]),
    ({"aggregate": "sum"}, ["--aggregate is 'sum'", "sum:COLUMN"]),
    ({"aggregate": "total:km"}, ["'total:km'", "count_distinct:COLUMN"]),
    ({"aggregate": "sum:rider"}, ["rider is varchar", "count_distinct:rider"]),
    ({"window": "a month"}, ["--window is 'a month'", "30 days"]),
    ({"window": "0 days"}, ["--window is '0 days'"]),
    ({"moments": "trips"}, ["MODEL.COLUMN"]),
    ({"moments": "day.as_of"}, ["--at is 'day'", "trips"]),
    ({"name": "Far away"}, ["the name is 'Far away'"]),
    ({"owner": None}, ["who answers", "--owner"]),
]


@pytest.mark.parametrize(("changes", "words"), WRONG)
def test_what_is_unknown_or_not_allowed_is_named(changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(UsageError) as refused:
        resolve(**changes)
    assert [word for word in words if word not in str(refused.value)] == []


def test_a_view_of_the_name_is_refused() -> None:
    made = manifest(node("trips", {}, COLUMNS), node("ftr_far", {}, {}))
    with pytest.raises(UsageError, match="'ftr_far' is there already"):
        resolve(made)


def test_nothing_is_left_of_files_whose_command_failed(tmp_path: Path) -> None:
    old, new = tmp_path / "old.sql", tmp_path / "a" / "b" / "new.sql"
    old.write_text("before")

    def command() -> None:
        with all_or_none() as written:
            written.make({new: "x"})
            written.change({old: "after"})
            written.make({old: "y"})

    with pytest.raises(UsageError, match=r"old\.sql is there already"):
        command()
    assert old.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["old.sql"]


SQL = """with days as (select 1),

known as (
    {{ training_set(spine='days', time='as_of', features=['ftr_n']) }}
),

final as (
    select
        known.rider,
        known.n
    from known
)

select * from final
"""
YML = """models:
  - name: trn
    columns:
      - name: rider
      # kept
      - {name: n}
unit_tests:
  - name: t
    model: trn
    overrides: {macros: {feature_views: {ftr_n: {}}}}
    given:
      - input: ref('days')
    expect: {rows: []}
"""


def training_set(tmp_path: Path, sql: str) -> Manifest:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/trn.sql").write_text(sql)
    (tmp_path / "models/trn.yml").write_text(YML)
    note = {"spine": "days", "time": "as_of", "features": [{"view": "ftr_n", "features": ["*"]}]}
    trn = node("trn", {"training_set_1": note}, {"rider": {}, "n": {}})
    made = manifest(trn)
    test = {"name": "t", "model": "trn", "original_file_path": "models/trn.yml"}
    return Manifest(made.raw | {"unit_tests": {"u": test}})


def test_a_feature_is_put_into_a_training_set_and_nothing_else_is_touched(tmp_path: Path) -> None:
    made = training_set(tmp_path, SQL)
    edits = join_in(asked(), "trn", made, tmp_path)
    sql, yml = edits[tmp_path / "models/trn.sql"], edits[tmp_path / "models/trn.yml"]
    assert "features=['ftr_n', 'ftr_trips']" in sql
    assert "        coalesce(known.trips, 0) as trips,\n        known.n\n" in sql
    assert "# kept" in yml
    document = yaml.safe_load(yml)
    columns = document["models"][0]["columns"]
    assert [each["name"] for each in columns] == ["rider", "trips", "n"]
    assert columns[1]["description"] == "Trips: all of them."
    given = document["unit_tests"][0]["given"]
    assert given[0] == {"input": "ref('ftr_trips')", "rows": []}


def test_a_training_set_written_otherwise_is_left_alone_and_said(tmp_path: Path) -> None:
    made = training_set(tmp_path, SQL.replace("features=[", "features=set_of["))
    with pytest.raises(UsageError, match=r"it has not one call of training_set"):
        join_in(asked(), "trn", made, tmp_path)
    with pytest.raises(UsageError, match="--into is 'tren'.*there are: trn"):
        join_in(asked(), "tren", made, tmp_path)
