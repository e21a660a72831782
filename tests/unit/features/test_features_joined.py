"""Features of views joined to a training relation, as an experiment does it, beside the oracle."""

import hashlib
from pathlib import Path

import duckdb
import pytest

from dataops.features.declaration import FeatureView
from dataops.features.join import join_features
from dataops.features.views import View
from ml.errors import PipelineError, UsageError
from ml.relation import Relation
from tests.unit.features.brute_force import expected, fill

SPINE = Relation("gold", "trn")


def view(name: str, entity: list[str], ttl: str = "9 days") -> View:
    meta = {"entity": entity, "event_time": "ended_at", "known_time": "landed_at", "ttl": ttl}
    declared = FeatureView.model_validate(meta)
    features = {"trips": "How many.", "tips": "How much."}
    return View(name, f"{name}.yml", Relation("gold", name), "Trips", declared, features)


VIEWS = {
    "ftr_trips": view("ftr_trips", ["rider"]),
    "ftr_ever": view("ftr_ever", ["rider"], ttl="unlimited"),
    "ftr_cities": view("ftr_cities", ["town"]),
    "ftr_gone": view("ftr_gone", ["rider"]),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'; create schema gold")
        rows = [
            (rider, f"2025-03-{day:02}", f"2025-03-{day + late:02}", 100 * rider + day, None)
            for rider in range(5)
            for day, late in ((1, 0), (9 + rider, 3), (19, rider))
        ]
        types = "rider integer, ended_at timestamp, landed_at timestamp, trips integer, tips double"
        for name in ("ftr_trips", "ftr_ever", "ftr_cities"):
            fill(connection, f"gold.{name}", types, rows)
        moments = [
            (rider, f"2025-03-{day:02}", day % 2) for rider in range(6) for day in (5, 13, 20, 25)
        ]
        fill(connection, "gold.trn", "rider integer, as_of date, trips integer", moments)
    return path


def test_what_is_joined_is_what_was_known_and_nothing_of_the_release_changes(file: Path) -> None:
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    with duckdb.connect(str(file), read_only=True) as connection:
        asked = {"ftr_trips": ["trips"], "ftr_ever": ["trips", "tips"]}
        joined = join_features(connection, VIEWS, asked, SPINE, "as_of")
        told = connection.execute(
            f"select rider, as_of, trips, ftr_trips__trips, ftr_ever__trips, ftr_ever__tips "
            f"from {joined.sql}"
        ).fetchall()
        read = {
            name: connection.sql(f"from gold.{name}").fetchall()
            for name in ("trn", "ftr_trips", "ftr_ever")
        }
    spine = [dict(zip(("rider", "as_of", "trips"), row, strict=True)) for row in read["trn"]]
    names = ("rider", "ended_at", "landed_at", "trips", "tips")
    tables = {name: [dict(zip(names, row, strict=True)) for row in read[name]] for name in asked}
    wanted = {name: VIEWS[name].told | {"features": asked[name]} for name in asked}
    assert sorted(told, key=str) == sorted(expected(spine, "as_of", tables, wanted), key=str)
    assert any(row[3] is None for row in told)
    assert any(row[3] is not None for row in told)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before


def test_a_key_the_rows_lack_and_a_view_that_is_not_there_are_refused(file: Path) -> None:
    with duckdb.connect(str(file), read_only=True) as connection:
        with pytest.raises(UsageError, match="which has no column 'town'; it has: "):
            join_features(connection, VIEWS, {"ftr_cities": ["trips"]}, SPINE, "as_of")
        with pytest.raises(PipelineError, match="gold.ftr_gone is not in the release"):
            join_features(connection, VIEWS, {"ftr_gone": ["trips"]}, SPINE, "as_of")
