"""Why a score moved, with one thing changed at a time: the data, the model, the feature's SQL."""

import pytest

from ml.errors import PipelineError, UsageError
from ml.relation import Relation
from ml.score import score
from ml.tables import COLUMNS, SCORINGS
from ml.versions.provenance import Provenance
from ml.why import run_of, why
from tests.unit.ml.world import NOW, World, small_world

CODE = {"model.shop.ftr": "one", "model.shop.silver": "two"}
INPUTS = {"source.shop.raw": Relation("gold", "raw")}
KEY = {"id": "K0007"}


def told(world, run, code=CODE, changes=None):
    """Score as run ``run`` of a project whose feature code is ``code``."""
    provenance = Provenance(run, f"before-{run}", "commit-1", "manifest-1", code)
    spec = world.spec(changes)
    return score(world.conn, spec, world.relations, provenance, now=NOW)


def trained(change=None):
    """A world like the one before, its own warehouse: the release of another run."""
    world = small_world()
    world.sql("create table gold.raw as select id, a, b, c, d from gold.ftr")
    world.train(change, run=f"train {change}")
    return world


def answer(now: World, before: World | None, key=None, **given):
    connection = before.conn if before else None
    return why(now.conn, connection, now.spec(), now.relations, key or KEY, **given)


@pytest.fixture
def before() -> World:
    world = trained()
    told(world, "run-1")
    return world


def assert_adds_up(found):
    for parts in (found.score, found.margin):
        assert parts.before + parts.model + parts.data == pytest.approx(parts.now, abs=1e-12)
    assert sum(each.moved for each in found.features) == pytest.approx(found.margin.data, abs=1e-9)
    effects = sum(each.effect for each in found.features)
    assert found.base + effects == pytest.approx(found.margin.now, abs=1e-9)


def test_a_score_without_one_before_is_told_by_its_features(before):
    found = answer(before, None)
    (score_now,) = before.sql("select score from predictions.model where id = 'K0007'")[0]
    assert found.now.score == score_now
    assert (found.before, found.score, found.margin) == (None, None, None)
    assert {each.feature for each in found.features} == {"a", "b", "c", "d"}
    assert [abs(each.effect) for each in found.features] == sorted(
        (abs(each.effect) for each in found.features), reverse=True
    )
    values = {each.feature: each.now for each in found.features}
    row = before.sql("select a, b, c, d from gold.ftr where id = 'K0007'")[0]
    assert (values["a"], values["b"], values["c"], values["d"]) == row


def test_when_only_the_data_changed_the_feature_that_changed_is_named(before):
    now = trained()
    now.sql("update gold.raw set a = 0.99 where id = 'K0007'")
    now.sql("update gold.ftr set a = 0.99 where id = 'K0007'")
    told(now, "run-2")
    found = answer(now, before, inputs=INPUTS)
    assert_adds_up(found)
    assert not found.retrained
    assert found.margin.model == found.score.model == 0
    assert found.features[0].feature == "a"
    assert found.features[0].now == 0.99
    assert found.features[0].before == before.sql("select a from gold.ftr where id = 'K0007'")[0][0]
    assert found.changed_code == []
    assert found.cause == "data"


def test_when_only_the_model_was_trained_again_all_of_it_is_the_models(before):
    now = trained({"estimator.params": {"max_iter": 30}})
    told(now, "run-2")
    found = answer(now, before, inputs=INPUTS)
    assert_adds_up(found)
    assert found.retrained
    assert found.margin.data == found.score.data == 0
    assert found.score.model == pytest.approx(found.now.score - found.before.score, abs=1e-12)
    assert all(each.moved == 0 for each in found.features)
    assert all(each.before == each.now for each in found.features)


def test_when_only_the_sql_of_a_feature_changed_its_node_is_named(before):
    now = trained()
    now.sql("update gold.ftr set a = a / 2")
    told(now, "run-2", CODE | {"model.shop.ftr": "other"})
    found = answer(now, before, inputs=INPUTS)
    assert_adds_up(found)
    assert found.changed_code == ["model.shop.ftr"]
    assert found.changed_inputs == []
    assert found.cause == "feature code"
    assert found.margin.model == 0
    assert found.features[0].feature == "a"


def test_when_code_and_data_both_changed_neither_is_blamed_alone(before):
    now = trained()
    now.sql("update gold.raw set a = a / 2")
    now.sql("update gold.ftr set a = a / 2")
    told(now, "run-2", CODE | {"model.shop.silver": "other"})
    found = answer(now, before, inputs=INPUTS)
    assert found.changed_code == ["model.shop.silver"]
    assert found.changed_inputs == ["source.shop.raw"]
    assert found.cause == "feature code or data"


def test_a_scoring_that_was_not_recorded_leaves_the_cause_open(before):
    now = trained()
    now.sql("update gold.ftr set a = a / 2")
    told(now, "run-2")
    before.sql("drop table ml.scorings")
    assert answer(now, before, inputs=INPUTS).cause == "data or feature code"


def test_an_earlier_date_in_the_same_release_comes_first(before):
    before.sql("insert into gold.ftr select * replace (day + 70 as day, 0.01 as a) from gold.ftr")
    told(before, "run-2")
    found = answer(before, trained())
    assert found.before.as_of_date < found.now.as_of_date
    assert found.features[0].now == 0.01
    assert_adds_up(found)
    other = trained()
    other.sql("insert into gold.ftr select * replace (day + 70 as day) from gold.ftr")
    told(other, "run-1")
    same_day = answer(before, other, against="run")
    assert same_day.before.as_of_date == same_day.now.as_of_date
    assert (same_day.before.run_id, same_day.features[0].now) == ("run-1", 0.01)
    dated = answer(before, None, on=found.before.as_of_date)
    assert dated.now.as_of_date == found.before.as_of_date


def test_a_feature_the_row_before_did_not_have_is_told(before):
    before.sql("alter table gold.ftr drop column b")
    now = trained()
    told(now, "run-2")
    found = answer(now, before)
    assert found.lacking == ["b"]
    assert_adds_up(found)


def test_another_class_in_more_than_two_is_explained_by_the_class_told():
    def three():
        world = small_world()
        world.changes = {"problem.success": [{"metric": "log_loss", "at_most": 10}]}
        world.sql(
            "create or replace table gold.trn as select * replace (case when y then 'yes' "
            "when a > 0.5 then 'maybe' else 'no' end as y) from gold.trn"
        )
        world.train()
        return world

    old, now = three(), three()
    told(old, "run-1")
    now.sql("update gold.ftr set a = 0.9, b = 90 where id = 'K0007'")
    told(now, "run-2")
    found = answer(now, old)
    assert found.explained == found.now.prediction
    assert_adds_up(found)


def test_what_was_never_told_is_refused(before):
    with pytest.raises(PipelineError, match="has told nothing of id K9999"):
        answer(before, None, key={"id": "K9999"})
    with pytest.raises(UsageError, match="the key of ML model 'model' is id; met: customer"):
        answer(before, None, key={"customer": "1"})
    before.sql("delete from gold.ftr where id = 'K0007'")
    with pytest.raises(PipelineError, match=r"gold.ftr no longer has the row of id K0007 on 2025"):
        answer(before, None)


def test_the_run_that_last_told_of_a_key_is_known(before):
    assert run_of(before.conn, before.spec(), KEY) == "run-1"
    assert run_of(before.conn, before.spec(), {"id": "nobody"}) is None


def test_each_prediction_joins_to_its_version_release_data_code_and_run(before):
    told(before, "run-1")  # a run that scores once more is one scoring all the same
    told(before, "run-2")
    joined = before.sql(
        """
        select s.run_id, s.release, s.code_version, s.manifest_hash, s.features_hash, s.rows,
            s.new_rows, v.run_id, v.release, v.data_hash, v.manifest_hash, count(*)
        from predictions.model as p
        join ml.scorings as s
            on s.run_id = p.run_id and s.model = p.model_name and s.version = p.model_version
        join ml.model_versions as v on v.model = p.model_name and v.version = p.model_version
        group by all
        """
    )
    ((run, release, code, manifest, features, rows, new, made, *learnt, count),) = joined
    assert (run, release, code, manifest) == ("run-2", "before-run-2", "commit-1", "manifest-1")
    assert (rows, new, count) == (600, 0, 600)
    assert (made, learnt[0]) == ("train None", "release-1")
    assert all(features.split("-"))
    assert learnt[1] == before.sql("select data_hash from ml.model_versions")[0][0]
    assert before.sql("select count(*) from ml.scorings") == [(2,)]


def test_another_table_has_another_hash_and_the_same_one_the_same(before):
    told(before, "run-2")
    before.sql("update gold.ftr set a = a + 1 where id = 'K0001'")
    told(before, "run-3")
    hashes = before.sql("select features_hash from ml.scorings order by run_id")
    assert hashes[0] == hashes[1] != hashes[2]
    described = before.sql("select column_name, lower(column_type) from (describe ml.scorings)")
    assert described == [(name, type_) for name, (type_, _) in COLUMNS[SCORINGS].items()]
