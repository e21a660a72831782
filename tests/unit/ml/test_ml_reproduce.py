import json
from dataclasses import replace

import duckdb
import pytest

from ml.versions.artifact import sha256
from ml.versions.canonical import canonical
from ml.versions.reproduce import reproduce

ALL_OF_IT = {
    "train.transform": {"t": "a * b"},
    "train.validate": {"folds": 2},
    "tune": {"params": {"learning_rate": [0.1, 0.3]}, "folds": 2},
    "estimator.calibrate": {"method": "isotonic", "folds": 2},
    "estimator.decide": {"cost": {"false_positive": 1, "false_negative": 5}},
}
TEXT = {"estimator": {"preset": "text_classifier"}}


def spoken(world):
    world.sql(
        "create or replace table gold.trn as select id, day, y, "
        "if(y, 'good fine ', 'bad poor ') || coalesce(c, 'none') as said from gold.trn"
    )


@pytest.mark.parametrize(
    "changes", [{}, ALL_OF_IT, {"estimator": {"preset": "logistic_regression"}}]
)
def test_a_version_comes_out_again_to_the_byte(world, changes):
    made = world.train(changes)
    again = reproduce(world.conn, made, world.relations)
    assert (again.same_data, again.same_bytes, again.largest_difference) == (True, True, 0.0)
    assert (again.reproduced, again.libraries, again.rows) == (True, {}, 600)
    assert world.sql("select count(*) from ml.model_versions") == [(1,)]


def test_a_version_that_reads_text_comes_out_again_to_the_byte(world):
    spoken(world)
    made = world.train(TEXT)
    assert reproduce(world.conn, made, world.relations).same_bytes


def test_a_warehouse_that_is_read_only_is_enough(world, tmp_path):
    path = tmp_path / "warehouse.duckdb"
    made = world.train()
    world.sql(f"attach '{path}' as copy")
    world.sql("copy from database memory to copy")
    world.sql("detach copy")
    with duckdb.connect(str(path), read_only=True) as conn:
        assert reproduce(conn, made, world.relations).same_bytes


def test_other_data_is_told_and_nothing_is_trained(world):
    made = world.train()
    world.sql("update gold.trn set a = a + 1 where id = 'K0001'")
    again = reproduce(world.conn, made, world.relations)
    assert (again.same_data, again.same_bytes, again.reproduced) == (False, False, False)
    assert "gold.trn does not hold the 600 rows it was trained on" in again.why


def test_where_bytes_differ_the_largest_difference_of_what_is_told_is_measured(world):
    made = world.train()
    other = world.train({"estimator.params": {"max_iter": 11}})
    world.sql(
        "update ml.model_versions as v set artifact = o.artifact, "
        "artifact_sha256 = o.artifact_sha256 "
        "from ml.model_versions as o where v.version = 1 and o.version = 2"
    )
    swapped = replace(made, artifact_sha256=other.artifact_sha256)
    again = reproduce(world.conn, swapped, world.relations)
    assert (again.same_data, again.same_bytes, again.reproduced) == (True, False, False)
    assert 0 < again.largest_difference < 1
    assert again.why == "the estimator came out otherwise"


def test_other_libraries_are_named_and_what_they_cannot_read_is_told(world):
    made = world.train()
    libraries = {**json.loads(made.libraries), "scikit-learn": "0.1", "gone": "2"}
    old = replace(made, libraries=json.dumps(libraries), artifact_sha256="other")
    again = reproduce(world.conn, old, world.relations)
    assert set(again.libraries) == {"scikit-learn", "gone"}
    assert again.libraries["scikit-learn"][0] == "0.1"
    assert again.libraries["gone"] == ("2", None)
    assert (again.same_bytes, again.largest_difference, again.reproduced) == (False, None, False)


def test_bytes_say_nothing_of_when_and_where_they_were_made(world):
    first = world.train().artifact_sha256
    world.forget()
    assert world.train().artifact_sha256 == first
    data = bytes(world.sql("select artifact from ml.model_versions")[0][0])
    assert sha256(canonical(data)) == first
