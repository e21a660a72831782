"""Scoring through compiled code beside scoring through scikit-learn, from table to table."""

import json

import numpy as np
import pyarrow as pa
import pytest

from ml.compiled import Values
from ml.scoring import stream
from ml.versions import registry
from tests.parity.conftest import World


@pytest.mark.parametrize(
    ("changes", "exact"),
    [
        ({}, True),
        ({"estimator.preset": "random_forest", "estimator.params": {"n_estimators": 7}}, True),
        ({"estimator.preset": "logistic_regression", "estimator.params": {}}, False),
    ],
    ids=["boosted trees", "random forest", "logistic regression"],
)
def test_a_table_is_scored_as_scikit_learn_scores_it(world: World, monkeypatch, changes, exact):
    world.train(changes)
    world.sql(
        "insert into gold.ftr select * replace ('new' as id, 'purple' as c) from gold.ftr limit 1"
    )
    world.sql(
        "insert into gold.ftr select * replace ('nan' as id, 'nan' as a) from gold.ftr limit 1"
    )
    world.score(changes)
    plain = world.predictions()
    asked = []
    monkeypatch.setattr(stream, "FEW_ROWS", 1)
    monkeypatch.setattr("ml.score.BATCH_ROWS", 250)
    monkeypatch.setattr("ml.model.Model.tell", lambda *_: asked.append(1))
    world.score(changes)
    assert not asked
    found = world.predictions()
    if exact:
        assert found == plain
    else:
        assert [row[:3] for row in found] == [row[:3] for row in plain]
        np.testing.assert_allclose([row[3] for row in found], [row[3] for row in plain], rtol=1e-12)


def test_an_infinite_feature_is_refused_by_name(world: World, monkeypatch):
    monkeypatch.setattr(stream, "FEW_ROWS", 1)
    world.train()
    world.sql("update gold.ftr set a = '-inf' where id = 'K0599'")
    with pytest.raises(Exception, match="feature 'a' is infinite"):
        world.score()


def test_what_cannot_be_compiled_is_told_by_scikit_learn(world: World, monkeypatch):
    changes = {"estimator.preset": "mlp", "estimator.params": {"max_iter": 5}}
    monkeypatch.setattr(stream, "FEW_ROWS", 1)
    version = world.train({**changes, "problem.success": [{"metric": "roc_auc", "at_least": 0.0}]})
    assert version.status == "champion"
    assert world.score(changes).rows == 600
    model = registry.load(world.conn, version)
    assert json.loads(version.classes) == list(model.classes)


def test_nulls_of_a_sliced_column_are_found():
    values = pa.array([None, 1.0, None, 3.0, 4.0, None, 6.0, 7.0, None, 9.0, None], pa.float64())
    for offset in range(len(values)):
        part = Values.of_arrow(values.slice(offset))
        wanted = values.slice(offset).to_numpy(zero_copy_only=False)
        np.testing.assert_array_equal(part.numbers(), wanted)
