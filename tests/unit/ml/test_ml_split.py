import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.split import split_at_random, split_by_time

TIMES = st.lists(st.integers(-5, 20), min_size=2, max_size=60).filter(lambda t: len(set(t)) > 1)


@settings(deadline=None)
@given(TIMES, st.floats(0.01, 0.99))
def test_no_time_value_is_on_both_sides_and_what_is_held_out_is_the_latest(times, test):
    times = np.array(times)
    learnt, held = split_by_time(times, test)
    assert times[learnt].max() < times[held].min()
    assert sorted([*learnt, *held]) == list(range(len(times)))


@settings(deadline=None)
@given(TIMES, st.floats(0.01, 0.99))
def test_no_other_cut_comes_nearer_to_the_share_asked_for(times, test):
    times = np.array(times)
    _, held = split_by_time(times, test)
    shares = [np.mean(times >= cut) for cut in np.unique(times)[1:]]
    assert abs(len(held) / len(times) - test) == pytest.approx(
        min(abs(share - test) for share in shares)
    )


def test_one_time_value_holds_nothing_out():
    learnt, held = split_by_time(np.array([7, 7, 7]), 0.2)
    assert (len(learnt), len(held)) == (3, 0)


def test_a_random_split_keeps_the_share_of_each_class_and_depends_on_the_seed():
    classes = np.array([0] * 80 + [1] * 20)
    learnt, held = split_at_random(100, 0.25, 3, classes)
    assert (len(held), classes[held].sum()) == (25, 5)
    assert not set(learnt) & set(held)
    again, other = split_at_random(100, 0.25, 3, classes), split_at_random(100, 0.25, 4, classes)
    assert np.array_equal(again[1], held)
    assert not np.array_equal(other[1], held)
