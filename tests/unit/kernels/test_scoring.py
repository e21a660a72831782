import pytest
from threadpoolctl import threadpool_limits

from tests.unit.ml.world import small_world


@pytest.mark.parametrize("preset", ["boosted_trees", "logistic_regression"])
def test_scoring_writes_what_scikit_learn_would_have_told(preset, monkeypatch):
    with threadpool_limits(limits=1):
        world = small_world()
        changes = {"estimator": {"preset": preset}}
        world.train(changes)
        monkeypatch.setattr("ml.score.quicken", lambda estimator, **_: estimator)
        world.score(changes)
        own = world.predictions()
        monkeypatch.undo()
        monkeypatch.setattr("ml.kernels.quicken._FEW_TREES_ASKED", 0)
        world.sql("drop table predictions.model")
        world.score(changes)
        told = world.predictions()
    if preset == "boosted_trees":
        assert told == own
    else:
        assert [row[:-1] for row in told] == [row[:-1] for row in own]
        scores = zip(told, own, strict=True)
        assert max(abs(one[-1] - other[-1]) for one, other in scores) <= 1e-12
