import pytest

from ml.errors import UsageError
from tests.unit.ml.world import FILE, declare, parse_spec

RANGE = {"learning_rate": {"low": 0.1, "high": 0.5}}


def tuned(**params):
    return {"tune": {"params": params}}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train.split": {"by": "column"}}, "train.split.column is missing"),
        ({"train.split.column": "d"}, "train.split.column is 'd', but train.split.by is 'time'"),
        (
            {"train.split": {"by": "column", "column": "y"}},
            "is also the label, the key or the time",
        ),
        ({"train.split.group": ["b"]}, "group names b, but train.split.by is 'time'"),
        ({"train.split": {"by": "random", "embargo_days": 3}}, "embargo_days is 3, but"),
        ({"train.split": {"by": "random", "group": ["y"]}}, "group names the label 'y'"),
        (
            {"train.features": {"include": ["a"], "exclude": ["a"]}},
            "names a in include and exclude",
        ),
        ({"train.transform": {"id": "a"}}, "train.transform makes 'id', which is the label, the"),
        ({"train.transform": {"a": " "}}, "allowed: text that is not empty"),
        ({"estimator.decide": {}}, "estimator.decide has none of them"),
        (
            {
                "estimator.decide": {
                    "threshold": 0.5,
                    "cost": {"false_positive": 1, "false_negative": 1},
                }
            },
            "has threshold and cost; allowed: exactly one of",
        ),
        (
            {
                "problem.success": [{"metric": "r2", "at_least": 0}],
                "estimator.calibrate": {"method": "isotonic"},
            },
            "estimator.calibrate is of classes, but r2 judges a regression",
        ),
        ({"tune": {"params": {}}}, "tune.params is empty"),
        ({"tune": {"params": RANGE, "metric": "r2"}}, "tune.metric is 'r2'; allowed: "),
        ({"tune": {"params": RANGE, "metric": "roc"}}, "allowed: roc_auc"),
        (tuned(learning_rat=[1]), "unknown parameter tune.params.learning_rat; boosted_trees"),
        (tuned(max_iter=[1]), "max_iter is in estimator.params and in tune.params"),
        (tuned(learning_rate={"low": 0.1}), "learning_rate has only low"),
        (tuned(learning_rate={"high": 0.1}), "learning_rate has only high"),
        (tuned(learning_rate={}), "learning_rate has nothing"),
        (tuned(learning_rate={"values": [1], "low": 1, "high": 2}), "has values and ends"),
        (tuned(learning_rate={"values": [1], "log": True}), "has log, but lists its values"),
        (tuned(learning_rate={"low": 2, "high": 1}), "goes from 2 to 1; allowed: low below high"),
        (tuned(learning_rate={"low": 0, "high": 1, "log": True}), "by log from 0; allowed: from"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(changes, told):
    with pytest.raises(UsageError) as caught:
        parse_spec("model", declare(changes), file=FILE)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"train.split": {"by": "column", "column": "d"}},
        {"train.split": {"by": "none"}},
        {"train.split": {"by": "random", "group": ["b", "c"]}},
        {"train.split.embargo_days": 30},
        {"tune": {"params": RANGE, "metric": "log_loss", "minutes": 0.5}},
        {"estimator.decide": {"threshold": 0}},
    ],
)
def test_keys_that_go_together_are_taken(changes):
    parse_spec("model", declare(changes), file=FILE)
