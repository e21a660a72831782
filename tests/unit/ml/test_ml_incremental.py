from datetime import datetime, timedelta

from ml.score import score
from ml.versions import decisions
from ml.versions.decisions import Cause
from ml.versions.provenance import Provenance
from tests.unit.ml.world import NOW


def test_what_is_new_or_has_changed_alone_is_scored_when_asked(world):
    incremental = {"score.incremental": True}
    world.train()
    assert world.score(incremental).rows == 600
    world.sql("update gold.ftr set a = a + 0.125 where id < 'K0010'")
    world.sql("update gold.ftr set c = null where id = 'K0011' and c is not null")
    world.sql(
        "insert into gold.ftr select * replace ('new' as id) from gold.ftr where id = 'K0020'"
    )
    world.sql("delete from gold.ftr where id = 'K0021'")
    changed = 11 + int(
        world.sql("select count(*) from gold.trn where id = 'K0011' and c != ''")[0][0]
    )
    again = world.score(incremental, run="run-2")
    assert (again.rows, again.new_rows) == (changed, 1)
    assert world.sql("select run_id, count(*) from predictions.model group by 1 order by 1") == [
        ("run-1", 601 - changed),
        ("run-2", changed),
    ]
    assert world.sql("select count(*) from predictions.model where id = 'K0021'") == [(1,)]
    kept = world.predictions()
    world.score()
    assert [row for row in world.predictions() if row[0] != "K0021"] == [
        row for row in kept if row[0] != "K0021"
    ]


def test_a_change_taken_back_is_scored_again(world):
    incremental = {"score.incremental": True}
    world.train()
    world.score(incremental)
    before = world.predictions()
    world.sql("update gold.ftr set a = 9 where id = 'K0000'")
    assert world.score(incremental).rows == 1
    world.sql(
        "update gold.ftr set a = t.a from gold.trn as t where t.id = ftr.id and t.id = 'K0000'"
    )
    assert world.score(incremental).rows == 1
    assert world.predictions() == before
    assert world.score(incremental).rows == 0


def test_another_version_scores_every_row(world):
    incremental = {"score.incremental": True}
    world.train()
    world.score(incremental)
    world.train({"estimator.seed": 1, "estimator.params": {"max_iter": 9}})
    assert world.score(incremental).rows == 600


def test_a_version_that_comes_back_tells_again_what_another_has_told_since(world):
    incremental = {"score.incremental": True}
    world.train()
    world.score(incremental)
    world.train({"estimator.seed": 1, "estimator.params": {"max_iter": 9}})
    world.sql("delete from gold.ftr where id < 'K0100'")
    later = Provenance("run-2", "release-1", "commit-1")
    spec = world.spec(incremental)
    score(world.conn, spec, world.relations, later, now=NOW + timedelta(days=1))
    cause = Cause("rollback", datetime(2026, 1, 3), "run-3")
    decisions.roll_back(world.conn, "model", cause, None)
    back = score(world.conn, spec, world.relations, later, now=NOW + timedelta(days=2))
    assert (back.version, back.rows, back.new_rows) == (1, 500, 0)
    newest = world.sql(
        "select count(distinct model_version), any_value(model_version) from (select * "
        "from predictions.model qualify row_number() over (partition by id, as_of_date "
        "order by scored_at desc) = 1)"
    )
    assert newest == [(1, 1)]
    again = score(world.conn, spec, world.relations, later, now=NOW + timedelta(days=3))
    assert again.rows == 0


def test_reasons_asked_for_later_are_told_of_every_row(world):
    world.train()
    world.score({"score.incremental": True})
    explained = {"score.incremental": True, "score.explain": {"top": 2}}
    assert world.score(explained).rows == 600
    assert world.sql("select count(*) from predictions.model where reason_1 is null") == [(0,)]
    assert world.score(explained).rows == 0


def test_predictions_made_before_incremental_scoring_are_made_once_more(world):
    world.train()
    world.score()
    again = world.score({"score.incremental": True})
    assert (again.rows, again.new_rows) == (600, 0)
    assert world.score({"score.incremental": True}).rows == 0
    assert world.score().rows == 600
