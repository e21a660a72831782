from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from ml.data.split import split_at_random, split_by_group, split_by_time

TIMES = st.lists(st.integers(-5, 20), min_size=2, max_size=60).filter(lambda t: len(set(t)) > 1)
GROUPS = st.lists(st.integers(0, 8), min_size=2, max_size=60).filter(lambda g: len(set(g)) > 1)


@settings(deadline=None)
@given(TIMES, st.floats(0.01, 0.99), st.integers(0, 6))
def test_no_time_value_is_on_both_sides_and_what_is_held_out_is_the_latest(times, test, embargo):
    times = np.array(times)
    learnt, held = split_by_time(times, test, embargo)
    first = times[held].min()
    assert all(times[learnt] < first - embargo)
    left_out = set(range(len(times))) - {*learnt, *held}
    assert all(first - embargo <= times[at] < first for at in left_out)


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


def test_an_embargo_of_days_leaves_so_many_days_out():
    learnt, held = split_by_time(np.arange(10), 0.2, embargo=3)
    assert (list(learnt), list(held)) == ([0, 1, 2, 3, 4], [8, 9])
    assert list(split_by_time(np.arange(10), 0.2, embargo=20)[0]) == []


def test_a_random_split_keeps_the_share_of_each_class_and_depends_on_the_seed():
    classes = np.array([0] * 80 + [1] * 20)
    learnt, held = split_at_random(100, 0.25, 3, classes)
    assert (len(held), classes[held].sum()) == (25, 5)
    assert not set(learnt) & set(held)
    again, other = split_at_random(100, 0.25, 3, classes), split_at_random(100, 0.25, 4, classes)
    assert np.array_equal(again[1], held)
    assert not np.array_equal(other[1], held)


@settings(deadline=None)
@given(GROUPS, st.floats(0.01, 0.99), st.integers(0, 3))
def test_no_group_is_on_both_sides_and_neither_side_is_empty(groups, test, seed):
    groups = np.array(groups)
    learnt, held = split_by_group(groups, test, seed, np.arange(len(groups)) % 2)
    assert not set(groups[learnt]) & set(groups[held])
    assert sorted([*learnt, *held]) == list(range(len(groups)))
    assert len(learnt) > 0
    assert len(held) > 0


@settings(deadline=None)
@given(GROUPS, st.floats(0.01, 0.99), st.integers(0, 3))
def test_no_group_moved_to_the_other_side_comes_nearer_to_the_share(groups, test, seed):
    groups = np.array(groups)
    _, held = split_by_group(groups, test, seed, None)
    off = abs(len(held) - test * len(groups))
    inside = set(groups[held])
    for group in set(groups):
        moved = inside ^ {group}
        if moved and moved != set(groups):
            rows = sum(each in moved for each in groups)
            assert abs(rows - test * len(groups)) >= off - 1e-9


def test_the_share_is_the_nearest_there_is_when_groups_are_many_and_small():
    sizes = np.random.default_rng(0).integers(1, 4, 12)
    groups = np.repeat(np.arange(12), sizes)
    _, held = split_by_group(groups, 0.3, 0, None)
    wanted = 0.3 * len(groups)
    every = [np.dot(chosen, sizes) for chosen in product((0, 1), repeat=12)]
    assert abs(len(held) - wanted) == pytest.approx(min(abs(rows - wanted) for rows in every))


def test_classes_come_in_as_equal_shares_as_scikit_learn_deals_them():
    random = np.random.default_rng(1)
    groups = np.repeat(np.arange(400), random.integers(1, 12, 400))
    likely = random.random(400) ** 3
    classes = (random.random(len(groups)) < likely[groups]).astype(np.int64)
    learnt, held = split_by_group(groups, 0.2, 0, classes)
    ours = abs(classes[held].mean() - classes[learnt].mean())
    dealt = StratifiedGroupKFold(5, shuffle=True, random_state=0).split(groups, classes, groups)
    theirs = max(abs(classes[out].mean() - classes[kept].mean()) for kept, out in dealt)
    assert ours < max(theirs, 0.03)
    other = split_by_group(groups, 0.2, 1, classes)[1]
    assert not np.array_equal(other, held)
    assert np.array_equal(split_by_group(groups, 0.2, 0, classes)[1], held)


def test_one_group_cannot_be_split():
    with pytest.raises(ValueError, match="all rows are of one group"):
        split_by_group(np.zeros(5, dtype=np.int64), 0.2, 0, None)
