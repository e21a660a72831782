import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.declaration.estimator import Cost
from ml.fitting.threshold import cheapest

ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5000001, 0.9, 1.0])),
    min_size=1,
    max_size=30,
)


def cost_at(threshold, truth, scores, alarm, miss):
    told = scores >= threshold
    return alarm * np.sum(told & (truth == 0)) + miss * np.sum(~told & (truth == 1))


@settings(deadline=None)
@given(ROWS, st.sampled_from([0.5, 1.0, 3.0, 40.0]), st.sampled_from([0.5, 1.0, 7.0]))
def test_no_other_threshold_costs_less(rows, alarm, miss):
    truth = np.array([each for each, _ in rows]).astype(np.int64)
    scores = np.array([score for _, score in rows])
    cost = Cost(false_positive=alarm, false_negative=miss)
    threshold = cheapest(cost, truth, scores)
    tried = [*np.linspace(0, 1, 101), *scores, *np.nextafter(scores, 2)]
    least = min(cost_at(each, truth, scores, alarm, miss) for each in tried)
    assert cost_at(threshold, truth, scores, alarm, miss) == pytest.approx(least)


def test_the_threshold_that_is_right_for_probabilities_is_taken_where_it_costs_least():
    truth, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9])
    assert cheapest(Cost(false_positive=1, false_negative=3), truth, scores) == 0.25
    # 0.05 lies below a score that is negative: halfway to the next one costs nothing.
    assert cheapest(Cost(false_positive=1, false_negative=19), truth, scores) == 0.5
