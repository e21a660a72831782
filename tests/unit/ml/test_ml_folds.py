import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.data.folds import random_folds, sample, time_folds

TIMES = st.lists(st.integers(0, 15), min_size=6, max_size=60).filter(lambda t: len(set(t)) > 4)


@settings(deadline=None)
@given(TIMES, st.integers(2, 4), st.integers(0, 0))
def test_a_fold_by_time_is_whole_times_judged_by_all_before_them(times, count, embargo):
    times = np.array(times)
    folds = time_folds(times, count, embargo)
    assert len(folds) == count
    judged = np.concatenate([fold.judged for fold in folds])
    assert len(set(judged)) == len(judged)
    for fold in folds:
        first = times[fold.judged].min()
        assert set(fold.learnt) == set(np.flatnonzero(times < first))
        assert set(fold.judged) == set(
            np.flatnonzero((times >= first) & (times <= times[fold.judged].max()))
        )
    assert set(judged) == set(np.flatnonzero(times >= times[folds[0].judged].min()))


def test_blocks_are_as_equal_as_whole_times_allow():
    folds = time_folds(np.repeat(np.arange(12), 10), 3)
    assert [len(fold.judged) for fold in folds] == [30, 30, 30]
    assert [len(fold.learnt) for fold in folds] == [30, 60, 90]


def test_an_embargo_stands_before_each_fold():
    times = np.arange(20)
    for fold in time_folds(times, 3, embargo=2):
        assert times[fold.judged].min() - times[fold.learnt].max() == 3


def test_an_embargo_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match="embargo leaves a fold nothing"):
        time_folds(np.arange(8), 3, embargo=5)


def test_too_few_times_are_refused_with_how_many_are_needed():
    with pytest.raises(ValueError, match="3 different times; 4 are needed"):
        time_folds(np.array([1, 2, 3, 3]), 3)


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=10, max_size=60), st.integers(2, 4), st.booleans())
def test_random_folds_judge_each_row_once_and_never_cut_a_group(groups, count, classified):
    groups = np.array(groups)
    if len(set(groups)) < count:
        return
    classes = np.arange(len(groups)) % 2 if classified else None
    folds = random_folds(len(groups), count, 0, classes, groups)
    judged = sorted(np.concatenate([fold.judged for fold in folds]))
    assert judged == list(range(len(groups)))
    for fold in folds:
        assert not set(groups[fold.judged]) & set(groups[fold.learnt])


def test_random_folds_have_the_classes_in_equal_shares_and_depend_on_the_seed():
    classes = np.array([0] * 80 + [1] * 20)
    folds = random_folds(100, 5, 3, classes)
    assert [classes[fold.judged].sum() for fold in folds] == [4] * 5
    again, other = random_folds(100, 5, 3, classes), random_folds(100, 5, 4, classes)
    assert np.array_equal(again[0].judged, folds[0].judged)
    assert not np.array_equal(other[0].judged, folds[0].judged)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((3, 5, 0), "3 rows for 5 folds"),
        ((20, 5, 0, np.array([0] * 17 + [1] * 3)), "a class has 3 rows for 5 folds"),
        ((20, 5, 0, None, np.arange(20) % 4), "4 groups for 5 folds"),
    ],
)
def test_what_cannot_be_dealt_is_refused(arguments, told):
    with pytest.raises(ValueError, match=told):
        random_folds(*arguments)


def test_a_sample_has_the_same_share_of_each_class_and_enough_of_a_rare_one():
    classes = np.array([0] * 9000 + [1] * 990 + [2] * 10)
    drawn = sample(10_000, 1000, 0, classes)
    assert list(np.bincount(classes[drawn])) == [900, 99, 10]
    assert list(drawn) == sorted(set(drawn))
    assert np.array_equal(drawn, sample(10_000, 1000, 0, classes))
    assert not np.array_equal(drawn, sample(10_000, 1000, 1, classes))
