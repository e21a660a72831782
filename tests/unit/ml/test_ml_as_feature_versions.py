"""The earlier models of a version: kept with it, made again, mended, brought back."""

from datetime import timedelta

import pytest

from ml.errors import PipelineError
from ml.score import score_shadow
from ml.versions import decisions, registry
from ml.versions.provenance import Provenance
from ml.versions.reproduce import reproduce
from tests.unit.ml.as_feature import ASKED, told, week
from tests.unit.ml.world import NOW


def test_a_challenger_has_earlier_models_of_its_own_in_shadow(world):
    world.train(ASKED)
    changes = {
        **ASKED,
        "problem.champion": {"rule": "manual"},
        "estimator.params": {"max_iter": 9},
    }
    assert world.train(changes).status == "challenger"
    score_shadow(world.conn, world.spec(changes), world.relations, Provenance("r"), now=NOW)
    world.score(changes)
    assert world.sql("select count(feature_score) from shadow.model") == [(480,)]
    pairs = world.sql(
        "select s.feature_score, p.feature_score from shadow.model as s "
        "join predictions.model as p using (id) where p.feature_score is not null"
    )
    assert sum(one != two for one, two in pairs) > 400


def test_a_champion_from_before_it_was_asked_tells_later_rows_alone(world):
    made = world.train()
    world.score(ASKED)
    rows = told(world, "as_of_date, feature_score, score, learnt_until")
    assert made.test_from == week(8)
    until = week(8) - timedelta(microseconds=1)
    assert {(row[1] == row[2], row[3]) for row in rows if row[0] >= week(8).date()} == {
        (True, until)
    }
    assert {row[1] for row in rows if row[0] < week(8).date()} == {None}


def test_a_champion_that_held_out_no_time_tells_nothing_as_a_feature(world):
    world.train({"train.split": {"by": "random"}})
    world.score(ASKED)
    assert world.sql("select count(score), count(feature_score) from predictions.model") == [
        (600, 0)
    ]


def test_the_earlier_models_come_out_again_to_the_byte_or_it_is_told(world):
    calibrated = {"estimator.calibrate": {"method": "sigmoid", "folds": 2}}
    made = world.train({"score.as_feature": {"folds": 2}, **calibrated})
    assert reproduce(world.conn, made, world.relations).same_bytes
    world.sql(
        "update ml.earlier_models as e set artifact = o.artifact, "
        "artifact_sha256 = o.artifact_sha256 from ml.earlier_models as o "
        "where e.number = 1 and o.number = 2"
    )
    again = reproduce(world.conn, made, world.relations)
    assert (again.same_bytes, again.reproduced) == (False, False)
    assert again.largest_difference > 0
    assert again.why == "the earlier models came out otherwise"


def test_a_damaged_earlier_model_is_refused_and_training_again_mends_it(world):
    assert not world.train(ASKED).reused
    assert world.train(ASKED).reused
    world.sql("update ml.earlier_models set artifact = 'x' where number = 1")
    with pytest.raises(PipelineError, match="an earlier model of model@1"):
        world.score(ASKED)
    assert world.train(ASKED).version == 2
    assert registry.champion(world.conn, "model").version == 2
    world.score(ASKED)


def test_a_rollback_brings_the_earlier_models_of_the_version_back(world):
    first = world.train(ASKED)
    world.score(ASKED)
    before = told(world)
    other = {**ASKED, "estimator.params": {"max_iter": 40}}
    assert world.train(other).version == 2
    cause = decisions.Cause("promote", NOW.replace(tzinfo=None), "run-9", "ann")
    decisions.promote(world.conn, first, cause, "by hand")
    world.sql("drop table predictions.model")
    world.score(other)
    assert told(world) == before
