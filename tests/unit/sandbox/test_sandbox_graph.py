from typing import Any

from dataops.manifest import Manifest
from dataops.sandbox import Graph, Stage, personal_columns
from dataops.sandbox.tables import shown
from ml.relation import Relation
from tests.unit.sandbox.conftest import manifest_document, node, source


def looped() -> dict[str, Any]:
    """Two ML models in a row: ``tone`` feeds the features of ``churn``, which feeds a mart."""
    models = {
        "a": [], "tone_in": ["model.p.a"], "heard": ["source.p.tone"],
        "churn_in": ["model.p.a", "model.p.heard"], "mart": ["source.p.churn"], "other": [],
    }  # fmt: skip
    nodes = {f"model.p.{name}": node(name, "gold", *above) for name, above in models.items()}
    nodes["test.p.both"] = node("both", "t", "model.p.a", "model.p.mart", kind="test")
    exposures = {
        f"exposure.p.{name}": node(name, "", *above, type="ml", kind="exposure")
        for name, above in {"tone": ["model.p.tone_in"], "churn": ["model.p.churn_in"]}.items()
    }
    tables = ("tone", "churn")
    return {
        "metadata": {},
        "nodes": nodes,
        "exposures": exposures,
        "unit_tests": {},
        "sources": {f"source.p.{name}": source(name, "predictions") for name in tables},
    }


def test_a_change_reaches_the_models_it_feeds_and_what_reads_them() -> None:
    graph = Graph(looped())
    reached = graph.reached({"model.p.tone_in", "exposure.p.tone"})
    assert graph.models(reached) == {"tone", "churn"}
    assert {"model.p.heard", "model.p.churn_in", "model.p.mart"} <= reached
    assert reached.isdisjoint({"model.p.a", "model.p.other"})


def test_each_stage_ends_with_the_models_the_next_one_reads() -> None:
    graph = Graph(looped())
    reached = graph.reached({"model.p.a", "model.p.tone_in", "test.p.both", "model.p.churn_in"})
    assert graph.stages(reached) == [
        Stage(("model.p.a", "model.p.tone_in"), ("tone",)),
        Stage(("model.p.churn_in", "model.p.heard"), ("churn",)),
        Stage(("model.p.mart", "test.p.both"), ()),
    ]


def test_a_change_that_reaches_no_model_is_one_stage() -> None:
    graph = Graph(looped())
    reached = graph.reached({"model.p.other"})
    assert graph.stages(reached) == [Stage(("model.p.other",), ())]


def test_a_model_changed_in_itself_is_reached_without_a_change_of_its_data() -> None:
    graph = Graph(looped())
    assert graph.stages(graph.reached({"exposure.p.churn"})) == [
        Stage((), ("churn",)),
        Stage(("model.p.mart", "test.p.both"), ()),
    ]


def test_nothing_selected_is_no_stage() -> None:
    graph = Graph(looped())
    assert graph.stages(graph.reached(set())) == []


def test_personal_marks_go_down_the_graph_and_through_models_until_one_says_no() -> None:
    raw = looped()
    raw["nodes"]["model.p.a"]["columns"] = {"mail": {"name": "mail", "tags": ["pii"]}}
    raw["nodes"]["model.p.heard"]["columns"] = {
        "mail": {"name": "mail", "config": {"meta": {"pii": False}}}
    }
    found = personal_columns(Manifest(raw))
    marked = frozenset({"mail"})
    assert found[Relation("gold", "tone_in")] == marked
    assert found[Relation("predictions", "tone")] == marked
    assert Relation("gold", "heard") not in found
    assert Relation("gold", "other") not in found


def test_what_an_ml_model_of_sql_learns_from_is_shown_and_masked_as_what_it_is_made_of() -> None:
    raw = manifest_document()
    trained = node("buyers", "gold", "model.p.visits")
    raw["nodes"]["model.p.buyers"] = {**trained, "config": {"materialized": "ml_model"}}
    relations, _ = shown([Manifest(raw)])
    training = Relation("gold", "buyers__training")
    assert training in relations
    assert Relation("gold", "visits__training") not in relations
    personal = personal_columns(Manifest(raw))
    assert personal[training] == personal[Relation("gold", "visits")] >= {"full_name"}


def test_sql_that_asks_a_model_by_its_name_is_built_after_its_training_and_with_it() -> None:
    raw = looped()
    raw["nodes"]["model.p.other"]["raw_code"] = "select * from {{ ml_predict('tone', 'x') }}"
    graph = Graph(raw)
    reached = graph.reached({"model.p.tone_in"})
    assert "model.p.other" in reached
    stages = graph.stages(reached)
    (built,) = (at for at, stage in enumerate(stages) if "model.p.other" in stage.nodes)
    (trained,) = (at for at, stage in enumerate(stages) if "tone" in stage.models)
    assert built == trained + 1
    # Nothing is trained for it alone.
    alone = graph.stages(graph.reached({"model.p.other"}))
    assert [(stage.nodes, stage.models) for stage in alone] == [(("model.p.other",), ())]
