"""Circles of SQL and ML models over one model and over two, cut by a declared lag or refused."""

from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dataops.feedback.circles import circle_of, find_circle, lagged, parents
from dataops.manifest import Manifest
from dataops.sandbox import Graph, Stage, personal_columns
from ml.errors import UsageError
from ml.relation import Relation
from orchestration.assets.feedback import refuse_circles, require_lags
from orchestration.assets.sql_step import UNIQUE_ID, SqlStep
from orchestration.assets.told_before import make_empty, on_what_stood

KEPT = "select m.k, m.day, avg(t.feature_score) as x from gold.moments as m left join gold.door " \
    "as t on m.k = t.k and t.as_of_date < m.day group by m.k, m.day"  # fmt: skip
DOOR = "select k, as_of_date, feature_score, score from predictions.a"


def node(name: str, *above: str, **more: Any) -> dict[str, Any]:
    meta = more.pop("meta", {})
    return {
        "resource_type": "model", "name": name, "alias": name, "schema": "gold",
        "fqn": ["it", name], "package_name": "it", "original_file_path": f"models/{name}.sql",
        "depends_on": {"nodes": [*above]}, "config": {"meta": meta}, "columns": {}, **more,
    }  # fmt: skip


def source(name: str) -> dict[str, Any]:
    return {
        "resource_type": "source", "source_name": "predictions", "schema": "predictions",
        "name": name, "identifier": name, "original_file_path": "models/sources.yml",
        "columns": {"k": {"name": "k", "data_type": "varchar"}},
    }  # fmt: skip


def exposure(name: str) -> dict[str, Any]:
    declared = {"train": {"on": f"trn_{name}"}, "score": {"true": f"ftr_{name}"}}
    return {"name": name, "type": "ml", "config": {"meta": {"ml": declared}},
            "depends_on": {"nodes": []}}  # fmt: skip


def project(lag: object = None, **models: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest in which a's predictions feed ``told``, which feeds a, by way of a door."""
    meta = {} if lag is None else {"feedback": lag}
    nodes = {
        "moments": node("moments"),
        "beside": node("beside"),
        "door": node("door", "source.p.a", "model.p.beside"),
        "told": node("told", "model.p.moments", "model.p.door", meta=meta),
        "trn_a": node("trn_a", "model.p.told"),
        "ftr_a": node("ftr_a", "model.p.told"),
        "mart": node("mart", "model.p.door"),
        **models,
    }
    return {
        "nodes": {f"model.p.{name}": each for name, each in nodes.items()},
        "sources": {"source.p.a": source("a")},
        "exposures": {"exposure.p.a": exposure("a")},
        "unit_tests": {},
    }


def over_two(**lags: str) -> dict[str, Any]:
    """Return a manifest in which a's predictions feed b, and b's feed a."""
    raw = project()
    raw["sources"]["source.p.b"], raw["exposures"]["exposure.p.b"] = source("b"), exposure("b")
    for name, above in {"told": "b", "told_a": "a"}.items():
        meta = {"feedback": {"lag": lags[name]}} if name in lags else {}
        raw["nodes"][f"model.p.{name}"] = node(name, f"source.p.{above}", meta=meta)
    for name in ("trn_b", "ftr_b"):
        raw["nodes"][f"model.p.{name}"] = node(name, "model.p.told_a")
    return raw


def test_a_circle_over_one_model_is_refused_by_its_path_and_what_to_declare() -> None:
    with pytest.raises(UsageError) as caught:
        refuse_circles(Manifest(project()))
    told = str(caught.value)
    for part in (
        "the graph goes in a circle: gold/door -> gold/told -> gold/",
        "ml/a -> predictions/a -> gold/door;", "such as models/door.sql, read",
        "config: {meta: {feedback: {lag: <its time>}}}",
    ):  # fmt: skip
        assert part in told
    assert caught.value.exit_code == 2


def test_a_circle_over_two_models_is_refused_and_one_lag_cuts_it() -> None:
    with pytest.raises(UsageError) as caught:
        refuse_circles(Manifest(over_two()))
    path = str(caught.value)
    assert all(name in path for name in ("ml/a -> predictions/a", "ml/b -> predictions/b"))
    for cut in ("told", "told_a"):
        assert find_circle(over_two(**{cut: "day"})) == []
    assert {each.split(".")[-1] for each in circle_of(over_two(told="day"), "b")} == {
        "a", "b", "told", "told_a", "trn_a", "ftr_a", "trn_b", "ftr_b"
    }  # fmt: skip


def test_a_lag_on_one_of_two_ways_leaves_the_other() -> None:
    raw = project({"lag": "day"}, trn_a=node("trn_a", "model.p.told", "model.p.door"))
    assert "model.p.door" in find_circle(raw)


def test_a_model_asked_by_its_name_tells_todays_word_whatever_lag_is_declared() -> None:
    asks = node("told", "model.p.moments", meta={"feedback": {"lag": "day"}},
                raw_code="select * from {{ ml_predict('a', ref('moments')) }}")  # fmt: skip
    circle = find_circle(project(told=asks))
    assert {"exposure.p.a", "model.p.told"} <= set(circle)


def test_a_lagged_model_waits_for_what_its_doors_read_and_not_for_them() -> None:
    raw = project({"lag": "day"})
    (each,) = lagged(raw)
    assert (each.id, each.lag, each.sources) == ("model.p.told", "day", ("source.p.a",))
    assert (each.reads, each.doors, each.beside) == (
        ("model.p.door",), ("model.p.door",), ("model.p.beside",)
    )  # fmt: skip
    assert parents(raw)["model.p.told"] == ("model.p.moments",)
    assert parents(raw)["model.p.mart"] == ("model.p.door",)
    raw["nodes"]["model.p.door"]["config"]["materialized"] = "ephemeral"
    (each,) = lagged(raw)
    assert (each.reads, each.doors, each.sources) == (("source.p.a",), (), ("source.p.a",))


def test_in_a_run_it_waits_for_no_prediction_and_its_step_builds_the_doors() -> None:
    raw = project({"lag": "day"})
    found = {each.id: each for each in lagged(raw)}
    spec = dg.AssetSpec(["gold", "told"], deps=[["gold", "moments"], ["gold", "door"]],
                        metadata={UNIQUE_ID: "model.p.told"})  # fmt: skip
    waits = [dep.asset_key.to_user_string() for dep in on_what_stood(spec, raw, found).deps]
    assert waits == ["gold/moments", "gold/beside"]
    step = SqlStep(raw, {"model.p.told": spec.key}, {}, {}, found)
    assert step.selection == ["it.door", "it.told"]
    assert SqlStep(raw, step.nodes, {}, {"gold.beside": "x"}, found).above("model.p.told")
    with duckdb.connect() as connection:
        make_empty(connection, raw, found.values())
        raw["sources"]["source.p.a"]["columns"]["new"] = {"name": "new", "data_type": "date"}
        make_empty(connection, raw, found.values())
        assert connection.execute("describe predictions.a").fetchall()[1][:2] == ("new", "DATE")


def test_a_lag_outside_of_a_circle_changes_nothing() -> None:
    raw = project(mart=node("mart", "model.p.door", meta={"feedback": {"lag": "day"}}))
    raw["nodes"]["model.p.told"] = node("told", "model.p.moments")
    assert lagged(raw) == []
    assert parents(raw)["model.p.mart"] == ("model.p.door",)


@pytest.mark.parametrize(
    ("lag", "word"),
    [({"lagg": "day"}, "lagg"), ("day", "a mapping"), ({"lag": 3}, "lag is 3"), ({}, "lag")],
)
def test_a_lag_declared_wrongly_is_refused_by_name(lag: object, word: str) -> None:
    with pytest.raises(UsageError) as caught:
        lagged(project(lag))
    assert word in str(caught.value)
    assert "models/told.sql" in str(caught.value)


def test_a_sandbox_builds_it_in_stages_and_masks_what_comes_round() -> None:
    raw = project({"lag": "day"})
    raw["nodes"]["model.p.beside"]["columns"] = {"mail": {"name": "mail", "tags": ["pii"]}}
    stages = Graph(raw).stages(
        Graph(raw).reached({f"model.p.{name}" for name in ("told", "trn_a")})
    )
    first, second = stages
    assert first == Stage(("model.p.door", "model.p.told", "model.p.trn_a"), ("a",))
    assert "model.p.door" in second.nodes
    assert personal_columns(Manifest(raw))[Relation("gold", "told")] == {"mail"}


TOLD = {"k": "VARCHAR", "as_of_date": "DATE", "feature_score": "DOUBLE", "score": "DOUBLE"}
CATALOG = {
    "gold": {"moments": {"k": "VARCHAR", "day": "DATE"}, "door": TOLD},
    "predictions": {"a": TOLD},
}  # fmt: skip


def required(folder: Path, sql: str, door: str = DOOR, lag: str = "day") -> set[str]:
    for name, text in {"told": sql, "door": door}.items():
        path = folder / "compiled" / "it" / "models" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return require_lags(Manifest(project({"lag": lag})), [folder], CATALOG, "a")


def test_a_lag_that_is_kept_lets_the_training_read_what_was_told_before(tmp_path: Path) -> None:
    assert required(tmp_path, KEPT) == {"gold.told"}
    assert require_lags(Manifest(project({"lag": "day"})), [tmp_path], CATALOG, "b") == set()


@pytest.mark.parametrize(
    ("sql", "door", "lag", "words"),
    [
        (KEPT.replace("<", "<="), DOOR, "day", ["the very day of its column 'day'"]),
        (KEPT.replace("and t", "or t"), DOOR, "day", ["nothing in its SQL holds the as_of_date"]),
        (KEPT.replace("t.as_of_date <", "m.k <"), DOOR, "day", ["as_of_date of predictions.a"]),
        (KEPT, DOOR, "other_day", ["before its column 'other_day'"]),
        (KEPT, DOOR.replace("as_of_date", "cast('2020-01-01' as date) as as_of_date"), "day",
         ["nothing in its SQL"]),
        (KEPT.replace("feature_score", "score"), DOOR, "day",
         ["column 'x' is a version's own word", "told.x ← door.score ← a.score", "feature_score"]),
        ("selec", DOOR, "day", ["gold.told: it is not a SELECT", "so that it can be read"]),
    ],
)  # fmt: skip
def test_a_lag_that_is_not_kept_is_refused_with_the_way_and_the_line_to_add(
    tmp_path: Path, sql: str, door: str, lag: str, words: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        required(tmp_path, sql, door, lag)
    told = str(caught.value)
    for word in ("predictions/a -> gold/door -> gold/told", "in models/told.sql", *words):
        assert word in told
