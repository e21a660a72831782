"""What is served is what was learnt from: one row alone, in a batch, and in a training set."""

from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest

from dataops.features.declaration import FeatureView
from dataops.features.read import read_features, views_of
from dataops.features.render import Renderer
from dataops.features.views import View
from ml.errors import PipelineError, UsageError
from ml.relation import Relation
from tests.unit.features.brute_force import fill

AS_OF = datetime(2025, 3, 20, 6, tzinfo=UTC)
TYPES = "rider integer, city varchar, ended_at timestamp, landed_at timestamp, trips integer"


def view(name: str, entity: list[str], **declared: str) -> View:
    meta = {"entity": entity, "event_time": "ended_at", "known_time": "landed_at", "ttl": "9 days"}
    return View(
        name=name,
        file=f"{name}.yml",
        relation=Relation("gold", name),
        owner="Trips",
        declared=FeatureView.model_validate(meta | declared),
        features={"trips": "How many."},
    )


VIEWS = {
    "ftr_trips": view("ftr_trips", ["rider"]),
    "ftr_ever": view("ftr_ever", ["rider"], ttl="unlimited"),
    "ftr_cities": view("ftr_cities", ["rider", "city"]),
}


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("set TimeZone = 'UTC'; create schema gold")
    rows = [
        (rider, "Ulm", f"2025-03-{day:02}", f"2025-03-{day + late:02}", 100 * rider + day)
        for rider in range(5)
        for day, late in ((1, 0), (9 + rider, 3), (19, rider))
    ]
    for name in VIEWS:
        fill(connection, f"gold.{name}", TYPES, rows)
    return connection


def test_one_row_alone_in_a_batch_and_from_the_training_set_is_the_same(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    told = {name: each.told for name, each in VIEWS.items()}
    renderer = Renderer(told, {name: f"gold.{name}" for name in VIEWS})
    for name in ("ftr_trips", "ftr_ever"):
        moment = f"timestamp with time zone '{AS_OF}'"
        snapshot = renderer.snapshot([name], as_of=moment)
        batch = dict(connection.execute(f"select rider, trips from ({snapshot})").fetchall())
        fill(connection, "spine", "rider integer, seen_at timestamptz",
             [(rider, AS_OF) for rider in range(6)])  # fmt: skip
        training = renderer.training_set("spine", "seen_at", [name])
        learnt = dict(connection.execute(f"select rider, trips from ({training})").fetchall())
        assert len(set(batch.values())) == 5
        for rider in range(5):
            (alone,) = read_features(connection, [VIEWS[name]], {"rider": str(rider)}, AS_OF)
            assert alone.features["trips"] == batch[rider] == learnt[rider]


def test_what_holds_no_longer_is_told_from_what_is_null(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(
        "insert into gold.ftr_trips values (7, 'Ulm', '2025-03-19', '2025-03-19', null)"
    )
    read = [
        read_features(connection, [VIEWS["ftr_trips"]], {"rider": rider}, AS_OF)[0]
        for rider in ("7", "8")
    ]
    assert [each.features["trips"] for each in read] == [None, None]
    assert [each.event_time for each in read] == [datetime(2025, 3, 19), None]


def test_a_value_that_would_be_sql_is_a_value(connection: duckdb.DuckDBPyConnection) -> None:
    keys = {"rider": "1", "city": "'); drop table gold.ftr_cities; --"}
    (read,) = read_features(connection, [VIEWS["ftr_cities"]], keys, AS_OF)
    assert read.event_time is None
    assert connection.execute("select count(*) from gold.ftr_cities").fetchone() == (15,)


def test_wrong_questions_are_answered_with_what_is_allowed(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(UsageError, match="'ftr_trip' is no feature view; there are: ftr_trips"):
        views_of(VIEWS, {"rider": "1"}, ["ftr_trip"])
    with pytest.raises(UsageError, match="no view is about ridr; the keys are: rider; rider, city"):
        views_of(VIEWS, {"ridr": "1"}, [])
    assert [each.name for each in views_of(VIEWS, {"rider": "1"}, [])] == ["ftr_trips", "ftr_ever"]
    with pytest.raises(UsageError, match="ftr_trips: .*'one'.*--entity"):
        read_features(connection, [VIEWS["ftr_trips"]], {"rider": "one"}, AS_OF)
    connection.execute("drop table gold.ftr_trips")
    with pytest.raises(PipelineError, match="gold.ftr_trips is not in the release"):
        read_features(connection, [VIEWS["ftr_trips"]], {"rider": "1"}, AS_OF)


def test_a_snapshot_has_every_entity_any_view_knows_and_its_views_share_their_keys(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("insert into gold.ftr_ever values (9, 'Ulm', '2024-01-01', '2024-01-01', 9)")
    told = {name: each.told for name, each in VIEWS.items()}
    renderer = Renderer(told, {name: f"gold.{name}" for name in VIEWS})
    moment = f"timestamp with time zone '{AS_OF}'"
    sql = renderer.snapshot(["ftr_trips", "ftr_ever"], as_of=moment, prefix=True)
    rows = sorted(connection.execute(sql).fetchall())
    assert [row[0] for row in rows] == [0, 1, 2, 3, 4, 9]
    assert rows[-1][2:] == (None, 9)
    with pytest.raises(UsageError, match="ftr_cities is joined by rider, city and ftr_trips by"):
        renderer.snapshot(["ftr_trips", "ftr_cities"], prefix=True)


def test_a_feature_described_and_not_built_yet_leaves_the_others_served(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    trips = VIEWS["ftr_trips"]
    described = replace(trips, features={**trips.features, "brand_new": "Not built yet."})
    [now], [before] = (
        read_features(connection, [each], {"rider": "1"}, AS_OF) for each in (described, trips)
    )
    assert now == before
