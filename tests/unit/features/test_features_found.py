"""What is said and measured of features: search, likeness, drift, values alike."""

import math
from unittest.mock import ANY

import duckdb
import numpy as np
import pytest

from dataops.features.catalog import Feature, catalog, near, search
from dataops.features.drift import Moved, moved
from dataops.features.duplicates import duplicates
from dataops.features.measures import measure
from dataops.features.usage import uses
from dataops.features.views import View, feature_views
from dataops.manifest import Manifest
from ml.columns import Column
from ml.spec import parse_spec
from tests.unit.features.test_features_declared import VIEW, manifest, node, unique
from tests.unit.ml.world import declare

DAY = 86_400
WORDS = {
    "trips_30_days": "Trips that ended in the 30 days before.",
    "late_trips_30_days": "Trips of these 30 days that ended later than planned.",
    "paid_cents": "What was paid for the trips, cents.",
}


def columns(*features: str) -> dict[str, dict[str, str]]:
    own = {name: {"description": "x"} for name in ("rider", "ended_at", "landed_at")}
    return own | {name: {"description": WORDS.get(name, name)} for name in features}


def project(**views: tuple[list[str], list[str]]) -> tuple[Manifest, dict[str, View]]:
    """Views by name, each with its features and the views it reads."""
    nodes = [
        node(name, {"feature_view": VIEW}, columns(*features),
             depends_on={"nodes": [f"model.p.{each}" for each in reads]})
        for name, (features, reads) in views.items()
    ]  # fmt: skip
    made = manifest(*nodes, *(unique(name) for name in views))
    return made, feature_views(made)


@pytest.fixture
def trips() -> list[Feature]:
    made, views = project(trips=(list(WORDS), []), all_of_it=(list(WORDS), ["trips"]))
    return catalog(made, views)


def test_a_copy_further_down_is_told_from_what_it_copies(trips: list[Feature]) -> None:
    copied = {feature.full_name: feature.passed_on_from for feature in trips}
    assert copied["trips.paid_cents"] is None
    assert copied["all_of_it.paid_cents"] == "trips"


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["paid"], "trips.paid_cents"),
        (["piad"], "trips.paid_cents"),
        (["planned", "late"], "trips.late_trips_30_days"),
        (["latr trips"], "trips.late_trips_30_days"),
    ],
)
def test_words_find_a_feature_with_slips_of_typing_and_the_origin_first(
    trips: list[Feature], words: list[str], first: str
) -> None:
    assert search(words, trips)[0][0].full_name == first


def test_a_word_that_is_nowhere_finds_nothing(trips: list[Feature]) -> None:
    assert search(["weather"], trips) == []
    assert search(["paid", "weather"], trips) == []


@pytest.mark.parametrize(
    ("name", "says", "found"),
    [
        ("trip_30_days", "x", ["trips.trips_30_days"]),
        ("trips_60_days", "x", []),
        ("ended_rides", "Trips that ended in the 30 days before.", ["trips.trips_30_days"]),
        ("weather", "How warm it was.", []),
    ],
)
def test_a_near_name_or_description_is_pointed_out(
    trips: list[Feature], name: str, says: str, found: list[str]
) -> None:
    assert [feature.full_name for feature, _ in near(name, says, trips)] == found


def filled(connection: duckdb.DuckDBPyConnection, values: dict[str, list[object]]) -> View:
    """Make a view of 400 rows, 20 a day, whose features have ``values``."""
    _, views = project(trips=(list(values), []))
    connection.execute("create schema gold")
    connection.execute(
        "create table gold.trips as select i as rider, timestamp '2025-01-01' + "
        "to_days(i::int // 20) as ended_at, ended_at + interval 1 hour as landed_at "
        "from range(400) as t(i)"
    )
    for name, column in values.items():
        kind = "varchar" if isinstance(column[0], str) else "double"
        connection.execute(f"alter table gold.trips add column {name} {kind}")
        connection.executemany(
            f"update gold.trips set {name} = ? where rider = ?",
            list(zip(column, range(400), strict=True)),
        )
    return views["trips"]


def test_null_share_distinct_and_newest_are_those_of_the_rows(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    view = filled(connection, {"gappy": [None if i % 4 == 0 else i % 3 for i in range(400)]})
    connection.execute("set TimeZone = 'Asia/Tokyo'")
    found = measure(connection, view, 10 * DAY)
    assert found.features["gappy"].null_share == 0.25
    assert found.features["gappy"].distinct == 3
    assert found.rows == 400
    assert f"{found.newest:%Y-%m-%d %H:%M}" == "2025-01-20 00:00"
    assert f"{found.newest_known:%Y-%m-%d %H:%M}" == "2025-01-20 01:00"


def test_drift_is_the_index_of_histograms_by_the_deciles_before(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    draw = np.random.default_rng(0)
    values = np.concatenate([draw.normal(0, 1, 200), draw.normal(0.7, 1, 200)])
    words = ["a"] * 150 + ["b"] * 50 + ["a"] * 50 + ["c"] * 150
    still = [float(i % 20) for i in range(400)]
    view = filled(connection, {"moved": values.tolist(), "words": words, "still": still})
    found = measure(connection, view, 10 * DAY).features
    before, now = values[:200], values[200:]
    edges = np.quantile(before, np.arange(1, 10) / 10, method="inverted_cdf")
    counts = [
        np.bincount(np.searchsorted(edges, part, side="left"), minlength=10)
        for part in (before, now)
    ]
    p, q = (np.maximum(each, 0.5) / 200 for each in counts)
    psi = float(((q - p) * np.log(q / p)).sum())
    assert found["moved"].drift == Moved(pytest.approx(psi), True, ANY)
    none = 0.5 / 200
    assert found["words"].drift.index == pytest.approx(
        (0.25 - 0.75) * math.log(0.25 / 0.75)
        + (none - 0.25) * math.log(none / 0.25)
        + (0.75 - none) * math.log(0.75 / none)
    )
    assert found["still"].drift == Moved(0.0, False, ANY)


def test_few_rows_have_no_drift(connection: duckdb.DuckDBPyConnection) -> None:
    rows = "select range as x from range({})"
    types = {"x": Column("x", "BIGINT")}
    assert moved(connection, rows.format(99), rows.format(100), types) == {}
    assert moved(connection, rows.format(100), rows.format(100), types) == {
        "x": Moved(0, False, 0.0)
    }


def test_values_alike_are_found_and_rare_flags_are_not(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    draw = np.random.default_rng(1)
    one = draw.normal(size=400)
    values: dict[str, list[object]] = {
        "one": one.tolist(),
        "scaled": (-3 * one + 0.01 * draw.normal(size=400)).tolist(),
        "other": draw.normal(size=400).tolist(),
        "place": [f"p{i % 7}" for i in range(400)],
        "town": [f"p{i % 7}" if i else "x" for i in range(400)],
        "rare": ["yes" if i % 100 == 1 else "no" for i in range(400)],
        "seldom": ["yes" if i % 100 == 2 else "no" for i in range(400)],
    }
    view = filled(connection, values)
    features = [Feature(view, name, name, None) for name in values]
    found = {(each.one.name, each.other.name): each for each in duplicates(connection, features)}
    assert set(found) == {("one", "scaled"), ("place", "town")}
    truth = np.corrcoef(values["one"], values["scaled"])[0, 1]  # type: ignore[arg-type]
    assert found["one", "scaled"].correlation == pytest.approx(truth)
    assert found["place", "town"].share is not None
    asked = [feature for feature in features if feature.name == "town"]
    assert len(duplicates(connection, features, asked)) == 1


def test_a_model_uses_the_features_upstream_of_its_training_set_by_their_names() -> None:
    made, views = project(trips=(["a", "b"], []), elsewhere=(["a"], []))
    nodes = dict(made.raw["nodes"])
    nodes["model.p.trn"] = node(
        "trn", {}, columns("a", "label"), depends_on={"nodes": ["model.p.trips"]}
    )
    made = Manifest(made.raw | {"nodes": nodes})
    changes = {"on": "trn", "key": ["rider"], "label": "label", "time": "ended_at"}
    meta = declare() | {"train": changes}
    spec = parse_spec("m", meta, file="m.yml")
    found = uses(None, made, [spec], catalog(made, views))
    assert [use.model for use in found["trips.a"]] == ["m"]
    assert found["trips.b"] == found["elsewhere.a"] == []
