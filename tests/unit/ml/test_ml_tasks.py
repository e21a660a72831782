"""The task that a declaration says, and what may stand in it for that task."""

import pytest

from ml.declaration.tasks import RULES, task_of
from ml.errors import UsageError
from ml.kinds import KINDS, kind_of
from ml.spec import parse_spec
from tests.unit.ml.world import declare


def refused(changes):
    with pytest.raises(UsageError) as error:
        parse_spec("model", declare(changes), file="m.yml")
    return str(error.value)


@pytest.mark.parametrize(
    ("preset", "metrics", "task"),
    [
        ("boosted_trees", ["roc_auc"], "classification"),
        ("boosted_trees", ["rmse", "mae"], "regression"),
        (None, ["r2"], "regression"),
        ("linear_regression", ["roc_auc"], "classification"),
    ],
)
def test_the_task_is_what_the_preset_can_do_and_the_metrics_judge(preset, metrics, task):
    assert task_of(preset, metrics) == task


def test_a_label_that_is_needed_and_missing_is_asked_for():
    assert "train.label is missing; a classification learns a label" in refused(
        {"train.label": None}
    )


def test_every_kind_has_a_rule_of_its_task():
    assert KINDS.keys() <= RULES.keys()
    for task in KINDS:
        assert kind_of(task).check
