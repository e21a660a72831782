import pytest

from ml.declaration.measures import MEASURES
from ml.declaration.problem import Champion
from ml.evaluation.bootstrap import Interval
from ml.evaluation.gates import against_champion, failures
from ml.evaluation.report import Comparison
from ml.spec import Criterion, Problem


def judged(criterion, test, baseline=None, gains=None):
    problem = Problem(question="q", decision="d", success=(criterion,))
    return failures(problem, test, baseline or {}, gains or {})


def one(metric, value, low=None, high=None):
    return {metric: Interval(value, low, high)}


def test_a_metric_is_judged_by_the_end_of_its_interval_that_speaks_against_it():
    asked = Criterion(metric="f1", at_least=0.5)
    assert judged(asked, one("f1", 0.6, 0.5, 0.7)) == []
    assert judged(asked, one("f1", 0.6, 0.49, 0.7)) == [
        "f1 is 0.6000 and may be 0.4900 (95 %), not at least 0.5"
    ]
    asked = Criterion(metric="rmse", at_most=2.0)
    assert judged(asked, one("rmse", 1.5, 1.0, 2.0)) == []
    assert judged(asked, one("rmse", 1.5, 1.0, 2.1)) == [
        "rmse is 1.5000 and may be 2.1000 (95 %), not at most 2.0"
    ]


def test_the_value_itself_is_judged_where_that_is_declared():
    found = one("f1", 0.6, 0.4, 0.7)
    assert judged(Criterion(metric="f1", at_least=0.6, judge="value"), found) == []
    assert judged(Criterion(metric="f1", at_least=0.61, judge="value"), found) == [
        "f1 is 0.6000, not at least 0.61"
    ]
    assert judged(Criterion(metric="f1", at_most=0.6, judge="value"), found) == []


@pytest.mark.parametrize("metric", MEASURES)
def test_better_than_the_baseline_means_by_so_much_and_beyond_chance(metric):
    sign = 1 if MEASURES[metric].higher_is_better else -1
    asked = Criterion(metric=metric, beats_baseline_by=0.1)
    ours, theirs = one(metric, 0.5 + sign * 0.11), one(metric, 0.5)
    assert judged(asked, ours, theirs, one(metric, 0.11, 0.01, 0.2)) == []
    (missed,) = judged(asked, ours, theirs, one(metric, 0.09, 0.01, 0.2))
    assert "not better than the baseline's 0.5000 by 0.1" in missed
    (missed,) = judged(asked, ours, theirs, one(metric, 0.11, -0.01, 0.2))
    assert "but the gain may be -0.0100 (95 %)" in missed
    by_value = Criterion(metric=metric, beats_baseline_by=0.1, judge="value")
    assert judged(by_value, ours, theirs, one(metric, 0.11, -0.01, 0.2)) == []


def test_a_baseline_that_may_win_by_something_is_held_to_that():
    asked = Criterion(metric="f1", beats_baseline_by=-0.1)
    known = one("f1", 0.5), one("f1", 0.52)
    assert judged(asked, *known, one("f1", -0.02, -0.09, 0.05)) == []
    assert judged(asked, *known, one("f1", -0.02, -0.11, 0.05))


def test_a_criterion_on_what_is_not_defined_is_missed():
    asked = Criterion(metric="roc_auc", at_least=0)
    assert judged(asked, {}) == ["roc_auc is not defined on the rows held out"]
    assert judged(asked, one("roc_auc", None)) == judged(asked, {})
    asked = Criterion(metric="log_loss", beats_baseline_by=0)
    assert judged(asked, one("log_loss", 0.5)) == [
        "log_loss of the baseline is not defined on the rows held out"
    ]


WORSE, SAME, BETTER = (-0.2, -0.3, -0.1), (0.01, -0.1, 0.1), (0.2, 0.1, 0.3)


@pytest.mark.parametrize(
    ("rule", "gain", "status"),
    [
        ("not_worse", WORSE, "rejected"),
        ("not_worse", SAME, "champion"),
        ("not_worse", BETTER, "champion"),
        ("better", WORSE, "challenger"),
        ("better", SAME, "challenger"),
        ("better", BETTER, "champion"),
        ("manual", WORSE, "challenger"),
        ("manual", SAME, "challenger"),
        ("manual", BETTER, "challenger"),
    ],
)
def test_the_rule_says_who_takes_the_champions_place(rule, gain, status):
    comparison = Comparison("m@3", {"roc_auc": Interval(*gain)}, rows=100)
    verdict = against_champion(Champion(rule=rule), "roc_auc", comparison)
    assert verdict.status == status
    assert "m@3" in verdict.reason
    assert f"{gain[0]:+.4f} (95 %: {gain[1]:+.4f} to {gain[2]:+.4f})" in verdict.reason


@pytest.mark.parametrize("rule", ["not_worse", "better", "manual"])
def test_the_first_version_needs_no_champion(rule):
    assert against_champion(Champion(rule=rule), "roc_auc", None) == ("champion", None)


@pytest.mark.parametrize(
    ("rule", "usable", "status"),
    [
        ("not_worse", True, "champion"),
        ("better", True, "challenger"),
        ("better", False, "champion"),
        ("manual", True, "challenger"),
        ("manual", False, "challenger"),
    ],
)
def test_what_cannot_be_compared_says_why(rule, usable, status):
    comparison = Comparison("m@3", {}, 100, reason="its feature is gone", usable=usable)
    verdict = against_champion(Champion(rule=rule), "roc_auc", comparison)
    assert verdict.status == status
    assert verdict.reason == "it could not be compared with m@3: its feature is gone"


def test_a_champion_that_knows_the_rows_cannot_have_a_newcomer_rejected():
    comparison = Comparison("m@3", {"roc_auc": Interval(*WORSE)}, 100, fresh=False)
    verdict = against_champion(Champion(), "roc_auc", comparison)
    assert verdict.status == "champion"
    assert "its lead does not count" in verdict.reason
