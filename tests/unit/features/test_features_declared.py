"""A wrong declaration is named with its file and what is allowed, before anything runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dataops.features.declaration import FeatureView, ttl_seconds
from dataops.features.installed import MACROS, check_macros, install_macros
from dataops.features.render import Renderer
from dataops.features.uses import check_training_sets
from dataops.features.views import feature_views
from dataops.manifest import Manifest
from ml.errors import UsageError

VIEW = {
    "entity": ["rider"],
    "event_time": "ended_at",
    "known_time": "landed_at",
    "ttl": "30 days",
    "owner": "Trips",
}
COLUMNS = {
    "rider": {"description": "Who.", "data_type": "varchar"},
    "ended_at": {"description": "When.", "data_type": "timestamp"},
    "landed_at": {"description": "Learnt.", "data_type": "timestamp with time zone"},
    "trips_30d": {"description": "How many.", "data_type": "integer"},
}


def node(name: str, meta: dict[str, Any], columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "unique_id": f"model.p.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": "gold",
        "original_file_path": f"models/{name}.sql",
        "patch_path": f"p://models/{name}.yml",
        "columns": {key: {"name": key} | value for key, value in columns.items()},
        "config": {"meta": meta, "contract": {"enforced": True}},
        "depends_on": {"nodes": []},
        "raw_code": "",
    } | more


def unique(view: str, name: str = "one_row_per_event", **kwargs: Any) -> dict[str, Any]:
    test = node(f"{name}_{view}", {}, {})
    return test | {
        "resource_type": "test",
        "attached_node": f"model.p.{view}",
        "test_metadata": {"name": name, "kwargs": kwargs},
    }


def manifest(*nodes: dict[str, Any], macros: dict[str, Any] | None = None) -> Manifest:
    return Manifest(
        {
            "metadata": {"project_name": "p"},
            "nodes": {each["unique_id"]: each for each in nodes},
            "sources": {},
            "exposures": {},
            "macros": macros or {},
        }
    )


def trips(
    change: dict[str, Any] | None = None, columns: dict[str, Any] | None = None
) -> dict[str, Any]:
    declared = {key: value for key, value in (VIEW | (change or {})).items() if value is not None}
    return node("ftr_trips", {"feature_view": declared}, columns or COLUMNS)


def test_a_view_has_the_features_that_are_described_and_no_key_and_no_time() -> None:
    view = feature_views(manifest(trips(), unique("ftr_trips")))["ftr_trips"]
    assert view.features == {"trips_30d": "How many."}
    assert (view.owner, str(view.relation), view.file) == (
        "Trips", "gold.ftr_trips", "models/ftr_trips.yml",
    )  # fmt: skip


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in COLUMNS.items() if key != name}


def retyped(name: str, data_type: str) -> dict[str, Any]:
    return COLUMNS | {name: COLUMNS[name] | {"data_type": data_type}}


WRONG = [
    ({"entty": ["rider"]}, None, ["unknown key entty", "entity"]),
    ({"ttl": None}, None, ["ttl is missing"]),
    ({"known_time": None}, None, ["known_time is missing"]),
    ({"ttl": "30 moons"}, None, ["ttl is '30 moons'", "such as 30 days", "unlimited"]),
    ({"ttl": 30}, None, ["ttl is 30", "text"]),
    ({"entity": ["ridr"]}, None, ["entity[0] is 'ridr'", "rider"]),
    ({"event_time": "ended"}, None, ["event_time is 'ended'", "ended_at"]),
    ({"event_time": "rider"}, None, ["'rider' is in entity and a time"]),
    ({}, retyped("ended_at", "VARCHAR"), ["event_time is 'ended_at', which is varchar", "date"]),
    ({}, retyped("landed_at", "bigint"), ["known_time is 'landed_at', which is bigint"]),
    ({}, without("trips_30d"), ["it has no feature"]),
    ({}, COLUMNS | {"trips_30d": {"description": " "}}, ["'trips_30d' has no description"]),
    ({"owner": None}, None, ["it has no owner", "meta.owner"]),
]


@pytest.mark.parametrize(("change", "columns", "words"), WRONG)
def test_a_wrong_declaration_is_refused_by_name_and_file(
    change: dict[str, Any], columns: dict[str, Any] | None, words: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        feature_views(manifest(trips(change, columns), unique("ftr_trips")))
    for word in [*words, "feature view 'ftr_trips' in models/ftr_trips.yml", "dbt parse"]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("test", "is_enough"),
    [
        (None, False),
        (unique("ftr_trips"), True),
        (unique("ftr_trips", "unique", column_name="rider"), True),
        (unique("ftr_trips", "unique", column_name="trips_30d"), False),
        (unique("ftr_trips", "unique_combination", columns=["rider", "ended_at"]), True),
        (unique("ftr_trips", "unique_combination", columns=["rider", "trips_30d"]), False),
        (unique("another"), False),
    ],
)
def test_a_view_must_be_held_to_one_row_per_event(
    test: dict[str, Any] | None, is_enough: bool
) -> None:
    nodes = [trips()] + ([test] if test else [])
    if is_enough:
        assert feature_views(manifest(*nodes))
        return
    with pytest.raises(UsageError, match=r"add `data_tests: \[one_row_per_event\]`"):
        feature_views(manifest(*nodes))


def test_every_view_that_is_wrong_is_named_in_one_go() -> None:
    other = trips({"ttl": "x"}) | {"name": "ftr_other", "unique_id": "model.p.ftr_other"}
    with pytest.raises(UsageError) as caught:
        feature_views(manifest(trips({"ttl": "y"}), other, unique("ftr_trips")))
    assert "'ftr_trips'" in str(caught.value)
    assert "'ftr_other'" in str(caught.value)


def training(
    features: list[dict[str, Any]],
    spine: str | None = None,
    columns: tuple[str, ...] = ("rider", "as_of"),
) -> Manifest:
    note = {"spine": spine, "time": "as_of", "features": features}
    trn = node("trn_churn", {"training_set_0": note}, {})
    trn["depends_on"] = {"nodes": ["model.p.spine", "model.p.ftr_trips"]}
    base = node("spine", {}, {name: {"description": name} for name in columns})
    return manifest(trips(), unique("ftr_trips"), trn, base)


ASKED = {"view": "ftr_trips", "features": ["*"], "keys": {}}
GOOD = ("rider", "as_of")
MISSING = [
    (ASKED | {"view": "ftr_trip"}, GOOD, ["'ftr_trip' is no feature view", "ftr_trips"]),
    (ASKED | {"features": ["trips_30"]}, GOOD, ["'trips_30' is no feature", "trips_30d"]),
    (ASKED, ("ridr", "as_of"), ["the spine (spine) has no column 'rider'", "a key of ftr_trips"]),
    (ASKED, ("rider", "day"), ["the spine (spine) has no column 'as_of', the time"]),
    (ASKED | {"keys": {"rider": "who"}}, GOOD, ["has no column 'who'"]),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "columns", "words"), MISSING)
def test_a_training_set_that_asks_for_what_is_not_there_is_refused_by_name_and_file(
    asked: dict[str, Any], columns: tuple[str, ...], words: list[str]
) -> None:
    project = training([asked], columns=columns)
    with pytest.raises(UsageError) as caught:
        check_training_sets(project, feature_views(project))
    for word in [*words, "training set 'trn_churn' in models/trn_churn.sql"]:
        assert word in str(caught.value)


def test_a_spine_that_is_a_cte_or_not_wholly_described_is_left_to_the_database() -> None:
    project = training([ASKED], spine="at_risk", columns=("who",))
    check_training_sets(project, feature_views(project))
    open_ended = training([ASKED], columns=("who",))
    open_ended.raw["nodes"]["model.p.spine"]["config"]["contract"]["enforced"] = False
    check_training_sets(open_ended, feature_views(open_ended))


@pytest.mark.parametrize(
    ("ttl", "seconds"),
    [
        ("0 days", 0), ("1 second", 1), ("90 minutes", 5400), ("1 hour", 3600),
        ("30 days", 2_592_000), ("2 weeks", 1_209_600), ("unlimited", None),
    ],
)  # fmt: skip
def test_a_ttl_is_the_same_to_the_declaration_and_to_the_macros(
    ttl: str, seconds: int | None
) -> None:
    assert ttl_seconds(ttl) == seconds
    told = FeatureView.model_validate(VIEW | {"ttl": ttl}).model_dump(mode="json")
    sql = Renderer({"v": told | {"features": ["x"]}}, {"v": "v"}, "another").training_set(
        "spine", "at", ["v"]
    )
    assert ("interval" in sql) == (seconds is not None)
    assert seconds is None or f"interval '{seconds}' second" in sql


def macros_of(folder: Path) -> dict[str, Any]:
    return {
        f"macro.p.{path.stem}": {
            "name": path.stem,
            "package_name": "p",
            "original_file_path": path.relative_to(folder).as_posix(),
        }
        for path in folder.rglob("*.sql")
    }


@pytest.fixture
def installed(tmp_path: Path) -> Callable[[], Manifest]:
    install_macros(tmp_path / "macros" / "goldloop")
    calling = node("trn", {}, {}, raw_code="{{ training_set(spine='s') }}")
    return lambda: manifest(calling, macros=macros_of(tmp_path))


def test_installed_macros_are_those_of_goldloop(
    installed: Callable[[], Manifest], tmp_path: Path
) -> None:
    check_macros(installed(), tmp_path)
    names = {path.name for path in (tmp_path / "macros/goldloop").iterdir()}
    assert names == {path.name for path in MACROS.iterdir()}


def test_macros_of_another_goldloop_are_refused_with_what_to_type(
    installed: Callable[[], Manifest], tmp_path: Path
) -> None:
    changed = tmp_path / "macros/goldloop/feature_join.sql"
    changed.write_text(changed.read_text() + "\n")
    with pytest.raises(UsageError, match=r"feature_join.sql .* goldloop features install"):
        check_macros(installed(), tmp_path)


def test_a_project_that_calls_the_macros_and_lacks_them_is_told_what_to_type(
    tmp_path: Path,
) -> None:
    calling = node("trn", {}, {}, raw_code="{{ training_set(spine='s') }}")
    with pytest.raises(UsageError, match=r"models/trn.sql calls training_set, .* features install"):
        check_macros(manifest(calling), tmp_path)
