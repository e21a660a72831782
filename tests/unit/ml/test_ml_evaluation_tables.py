import numpy as np
import pytest

from ml.errors import UsageError

GOOD = {"estimator.params": {"max_iter": 40}}


def test_the_tables_of_a_regression(world):
    world.sql("update gold.trn set b = 40 where b is null")
    world.train(
        {
            "train.label": "b",
            "score.on": "trn",
            "problem.success": [{"metric": "rmse", "beats_baseline_by": -100}],
        }
    )
    counts = {
        table: world.sql(f"select count(*) from ml.{table}")[0][0]
        for table in ("curves", "confusion", "residuals", "importances", "dependence")
    }
    assert counts["curves"] == counts["confusion"] == 0
    assert counts["residuals"] == 10
    assert counts["importances"] == 4
    assert counts["dependence"] > 4
    assert world.sql("select count(*) from ml.dependence where class is not null") == [(0,)]


def test_the_tables_of_a_classification(world):
    world.train()
    assert world.sql("select truth, told from ml.confusion order by all") == [
        ("false", "false"),
        ("false", "true"),
        ("true", "false"),
        ("true", "true"),
    ]
    assert world.sql("select sum(rows) from ml.confusion") == [(120,)]
    assert world.sql("select count(*) from ml.curves where threshold is null") == [(3,)]
    points = world.sql("select x, y from ml.curves where curve = 'roc' order by point")
    x, y = np.array(points).T
    area = world.sql("select value from ml.evaluations where data = 'test' and metric = 'roc_auc'")[
        0
    ][0]
    assert np.trapezoid(y, x) == pytest.approx(area)
    assert world.sql("select count(distinct feature) from ml.dependence") == [(4,)]
    assert world.sql("select feature from ml.importances order by value desc limit 2") in (
        [("a",), ("b",)],
        [("b",), ("a",)],
    )


def test_the_dependence_asked_for_is_worked_out_and_no_other(world):
    world.train({"evaluate": {"dependence": ["d"]}})
    assert world.sql("select feature, value from ml.dependence order by all") == [
        ("d", "false"),
        ("d", "true"),
    ]
    with pytest.raises(UsageError, match="evaluate.dependence names 'color'.* it has: c, a, b, d"):
        world.train({"evaluate": {"dependence": ["color"]}})
