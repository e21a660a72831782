"""What SQL asks of ML models is lineage: features, the version that tells, what is kept of it."""

import json
import re
from pathlib import Path

import pytest

import orchestration
from dataops.lineage.asked import COMPARING, TELLING
from dataops.lineage.graph import Lineage
from dataops.lineage.heard import heard
from dataops.lineage.leaks import find_leaks
from dataops.lineage.places import ROWS, Place, model_place
from dataops.lineage.steps import Steps
from dataops.lineage.told import Learner, of_registry, told
from ml.spec import parse_spec
from tests.unit.ml.world import declare

PLUGIN = Path(orchestration.__file__).parent / "dbt_plugin" / "plugin.py"
KEY = json.dumps({"database": "wh", "model": "Purchase", "version": 3})
# As the macros ml_predict and ml_explain_predict write it.
TOLD = f"""
select * from (
    select
        goldloop_rows.* exclude (goldloop_told),
        cast(struct_extract(goldloop_told, 'prediction') as boolean) as "p_prediction",
        struct_extract(goldloop_told, 'score') as "p_score",
        struct_extract(goldloop_told, 'reasons')[1].feature as "reason_1",
        'purchase' as "model_name",
        cast(3 as integer) as "model_version"
    from (
        select
            goldloop_relation.*,
            goldloop_explain('{KEY}', "pages" + coalesce(extra, 0), "channel") as goldloop_told
        from (select * from "wh"."main"."visits") as goldloop_relation
    ) as goldloop_rows
) as asked
where p_score > 0.5
"""
WORTH = """
select metric, value from (
    select model, version, metric, value from "wh"."ml"."evaluations"
    where model = 'purchase' and version = coalesce(
        (select max(version) from "wh"."ml"."model_versions" where model = 'purchase'), 1)
) as asked
"""
MOVED = """
select told ->> 'column' as column_name, cast(told ->> 'psi' as double) as psi from (
    select unnest(cast(goldloop_rows('{}') as json[])) as told
) as goldloop_distances
"""
DRIFT = {"ask": "drift", "baseline": {"schema": "main", "name": "visits"},
         "relation": {"schema": "main", "name": "later"}}  # fmt: skip
SKEW = {"ask": "skew", "model": "purchase", "relation": {"schema": "main", "name": "later"}}
CATALOG = {
    "main": {
        "visits": dict.fromkeys(["visit_id", "pages", "extra", "channel"], "INTEGER"),
        "later": {"pages": "INTEGER"},
        "told": dict.fromkeys(["visit_id", "p_score", "model_name", "model_version"], "INTEGER"),
        "purchase": dict.fromkeys(["model", "version", "metrics"], "INTEGER"),
        "purchase__training": dict.fromkeys(["id", "day", "y", "a", "unused"], "INTEGER"),
    },
    "ml": {
        "evaluations": dict.fromkeys(["model", "version", "metric", "value"], "INTEGER"),
        "model_versions": dict.fromkeys(["model", "version"], "INTEGER"),
    },
}
VERSION, RECORD = ("purchase.version", "learnt"), ("purchase.record", "learnt")


def above(sql: str, column: str) -> set[tuple[str, str]]:
    steps = Steps(Lineage({"main.told": sql}, CATALOG), {})
    place = Place("main.told", column)
    assert steps.unresolved(place) is None
    return {(str(step.parent), step.kind.value) for step in steps.up(place)} - {("told.*", "rows")}


@pytest.mark.parametrize("column", ["p_prediction", "p_score", "reason_1"])
def test_what_a_macro_tells_comes_from_the_features_and_the_version(column: str) -> None:
    scored = {(f"visits.{name}", "scored") for name in ("pages", "extra", "channel")}
    assert above(TOLD, column) == scored | {VERSION}


def test_what_tells_several_rows_of_one_decides_the_rows() -> None:
    """As the macro ml_recommend writes it; ml_forecast is alike."""
    sql = f"""select goldloop_rows.* exclude (goldloop_told),
        struct_extract(goldloop_told, 'item') as "item", cast(3 as integer) as "model_version"
    from (select goldloop_relation.*,
        unnest(goldloop_recommend('{KEY}', cast(visit_id as varchar))) as goldloop_told
        from (select * from "wh"."main"."visits") as goldloop_relation) as goldloop_rows"""
    assert above(sql, "item") == {("visits.visit_id", "scored"), VERSION}
    assert above(sql, "model_version") == {VERSION}
    assert above(sql, "pages") == {("visits.pages", "value")}
    assert {("visits.visit_id", "rows"), ("purchase.version", "rows")} <= above(sql, ROWS)


def test_beside_it_stand_the_relations_columns_and_the_version() -> None:
    assert above(TOLD, "visit_id") == {("visits.visit_id", "value")}
    assert above(TOLD, "model_version") == {VERSION}
    assert above(TOLD, "model_name") == set()
    assert ("visits.pages", "filter") in above(TOLD, ROWS)


def test_a_number_written_out_elsewhere_is_no_version() -> None:
    assert above("select cast(3 as integer) as n from main.visits", "n") == set()


def test_what_is_asked_of_the_registry_is_of_the_model_named() -> None:
    assert above(WORTH, "value") == {RECORD}
    assert {kind for _, kind in above(WORTH, ROWS)} == {"rows"}
    assert ("purchase.record", "rows") in above(WORTH, ROWS)
    assert above(WORTH, "metric") == {("purchase.declared", "learnt")}
    every = WORTH.replace("where model = 'purchase' and", "where model <> 'x' and")
    assert above(every, "value") == {("evaluations.value", "value")}


def test_distances_come_from_all_that_is_compared() -> None:
    pages = {("visits.pages", "value"), ("later.pages", "value")}
    assert pages <= above(MOVED.format(json.dumps(DRIFT)), "psi")
    assert above(MOVED.format(json.dumps(SKEW)), "psi") == {("later.pages", "value"), RECORD}
    assert ("later.*", "rows") in above(MOVED.format(json.dumps(SKEW)), ROWS)


@pytest.mark.parametrize("key", ["visit_id", "'no json'", "'[1]'"])
def test_a_call_that_names_no_model_is_not_resolved(key: str) -> None:
    sql = f"select goldloop_tell({key}, pages) as t from main.visits"
    steps = Steps(Lineage({"main.told": sql}, CATALOG), {})
    assert "goldloop_tell is asked" in (steps.unresolved(Place("main.told", "t")) or "")


def test_the_plugin_has_no_function_that_lineage_does_not_know() -> None:
    registered = re.findall(r'\("(goldloop\w*)", desk', PLUGIN.read_text())
    assert set(registered) == TELLING | {COMPARING, "goldloop"}


def learner(changes: dict[str, object] | None = None, scored: str | None = None) -> Learner:
    spec = parse_spec("purchase", declare(changes), file="models/p.sql")
    view = None if scored else "main.purchase"
    return Learner(spec, "main.purchase__training", scored, {"a": ["a"]}, 3, view)


def test_a_model_that_sql_trains_is_a_view_of_what_it_has_learnt_from() -> None:
    each = learner()
    given = told(each, CATALOG) | of_registry([each], "ml.evaluations", CATALOG)
    steps = Steps(Lineage({"main.told": WORTH.replace("main.told", "x")}, CATALOG, given), {})

    def values(place: Place) -> set[str]:
        return {str(step.parent) for step in steps.up(place) if step.is_value}

    assert values(Place("main.purchase", "version")) == {"purchase.version"}
    assert values(Place("main.purchase", "metrics")) == {"purchase.record"}
    learnt = {f"purchase__training.{name}" for name in ("id", "day", "y", "a")}
    assert values(model_place("purchase")) == learnt
    # A hash of all rows is kept, of columns that nothing is learnt from, too.
    assert values(each.record) == learnt | {"purchase__training.unused"}
    assert values(Place("ml.evaluations", "value")) == {"purchase.record"}


def test_a_model_without_features_tells_by_who_is_asked_for() -> None:
    changes = {
        "problem.success": [{"metric": "ndcg_at_10", "at_least": 0.1}],
        "train.label": None, "train.key": ["id", "thing"], "train.item": "thing",
        "train.rating": "stars", "estimator": {"preset": "matrix_factorization"},
    }  # fmt: skip
    each = learner(changes, "main.visits")
    catalog = {**CATALOG, "predictions": {"purchase": {"id": "", "item": "", "score": ""}}}
    steps = Steps(Lineage({}, catalog, told(each, catalog)), {})
    score = {(str(s.parent), s.kind.value) for s in steps.up(Place("predictions.purchase", "item"))}
    assert {("visits.id", "scored"), VERSION} <= score
    version = {str(step.parent) for step in steps.up(each.place)}
    assert {"purchase__training.stars", "purchase__training.thing"} <= version


def test_a_word_that_sql_has_asked_for_is_a_versions_own() -> None:
    compiled = {"main.told": TOLD, "main.trn": "select visit_id, p_score, pages from main.told"}
    catalog = {"main": {**CATALOG["main"], "told": {**CATALOG["main"]["told"], "pages": ""}}}
    lineage = Lineage(compiled, catalog)
    assert [*heard(lineage, "main.trn", ["visit_id", "pages", "p_score"])] == ["p_score"]


def test_a_feature_that_the_model_itself_has_told_is_a_leak() -> None:
    compiled = {"main.told": TOLD, "main.trn": "select visit_id, p_score, pages from main.told"}
    lineage = Lineage(compiled, CATALOG)
    found = find_leaks(
        lineage, "main.trn", "pages", ["p_score"], views={}, predictions=["ml.other"]
    )
    assert [each.why for each in found.found] == []
    found = find_leaks(
        lineage, "main.trn", "visit_id", ["p_score"], views={}, predictions=["ml.purchase"]
    )
    assert [each.why for each in found.found] == ["it is made of what this model told"]
