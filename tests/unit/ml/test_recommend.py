"""Matrix factorisation against loops and linear algebra; lists against a full sort."""

import numpy as np
import pyarrow as pa
import pytest

from ml.evaluation.units import Units
from ml.recommend.factors import Settings, learn
from ml.recommend.judging import judge
from ml.recommend.ranking import NOTHING, best, popular_lists
from ml.recommend.reading import latest
from ml.recommend.recommender import Recommender, fit, named
from ml.recommend.sparse import sparse
from ml.versions import artifact

USERS, ITEMS = 30, 12


@pytest.fixture(scope="module")
def cells():
    random = np.random.default_rng(1)
    user, item = np.nonzero(random.random((USERS, ITEMS)) < 0.4)
    return sparse(user, item, random.integers(1, 6, len(user)).astype(float), (USERS, ITEMS))


def dense(cells):
    found = np.full((cells.rows, cells.width), np.nan)
    found[cells.owners, cells.places] = cells.values
    return found


def by_hand_ratings(cells, settings, seed):
    """The same alternation with numpy's solver, one row at a time."""
    values = dense(cells)
    mean = np.nanmean(values)
    start = np.random.default_rng(seed).normal(0.0, 0.1, (cells.width, settings.factors))
    items = np.hstack([np.zeros((cells.width, 1)), start])
    penalty = np.diag([settings.bias_regularization] + [settings.regularization] * settings.factors)
    for _ in range(settings.iterations):
        users = half_by_hand(values - mean, items, penalty)
        items = half_by_hand((values - mean).T, users, penalty)
    return mean, users, items


def half_by_hand(values, others, penalty):
    out = np.zeros((len(values), others.shape[1]))
    for row, line in enumerate(values):
        there = ~np.isnan(line)
        if there.any():
            known = others[there].copy()
            known[:, 0] = 1.0
            target = line[there] - others[there, 0]
            out[row] = np.linalg.solve(known.T @ known + penalty, known.T @ target)
    return out


def test_ratings_are_learnt_as_a_loop_over_numpys_solver_learns_them(cells):
    settings = Settings(factors=3, regularization=2.0, bias_regularization=1.0, iterations=4)
    found = learn(cells, settings, 7)
    mean, users, items = by_hand_ratings(cells, settings, 7)
    assert found.mean == pytest.approx(mean)
    np.testing.assert_allclose(found.users, users, atol=1e-9)
    np.testing.assert_allclose(found.items, items, atol=1e-9)


def test_choices_are_learnt_as_the_paper_writes_it(cells):
    settings = Settings("implicit", factors=3, regularization=0.5, iterations=3, alpha=4.0)
    found = learn(cells, settings, 7)
    values = np.nan_to_num(dense(cells))
    chosen, trust = (values > 0).astype(float), 1 + 4.0 * values
    items = np.random.default_rng(7).normal(0.0, 0.1, (ITEMS, 3))
    for _ in range(3):
        users = paper(chosen, trust, items, 0.5)
        items = paper(chosen.T, trust.T, users, 0.5)
    np.testing.assert_allclose(found.users[:, 1:], users, atol=1e-9)
    np.testing.assert_allclose(found.items[:, 1:], items, atol=1e-9)


def paper(chosen, trust, others, penalty):
    """x_u = (Y' C_u Y + penalty I)^-1 Y' C_u p_u, for rows that have a choice."""
    out = np.zeros((len(chosen), others.shape[1]))
    for row in np.flatnonzero(chosen.any(axis=1)):
        weights = np.diag(trust[row])
        left = others.T @ weights @ others + penalty * np.eye(others.shape[1])
        out[row] = np.linalg.solve(left, others.T @ weights @ chosen[row])
    return out


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(cells):
    settings = Settings(factors=4)
    ratings = named(
        pa.array([str(at) for at in cells.owners]),
        pa.array([str(at) for at in cells.places]),
        cells.values,
    )
    kept = [artifact.dump(fit(ratings, settings, seed).state) for seed in (3, 3, 4)]
    assert kept[0] == kept[1] != kept[2]


def test_a_recommender_read_back_tells_the_same(cells):
    ratings = named(
        pa.array([str(at) for at in cells.owners]),
        pa.array([str(at) for at in cells.places]),
        cells.values,
    )
    made = fit(ratings, Settings(factors=4), 0)
    data = artifact.dump(made.state)
    state = artifact.load(
        data,
        digest=artifact.sha256(data),
        libraries=artifact.library_versions(),
        of="m@1",
    )
    again = Recommender.of_state(state)
    users = pa.array(["1", "never seen", "2"])
    first, second = (pa.concat_tables(each.recommend(users, 3)) for each in (made, again))
    assert first.equals(second)
    fallback = first.filter(pa.compute.equal(first["user"], 1))
    assert fallback["is_fallback"].to_pylist() == [True] * 3
    assert not any(first.filter(pa.compute.not_equal(first["user"], 1))["is_fallback"].to_pylist())


def test_the_best_items_are_those_of_a_full_sort_without_what_was_seen(cells):
    random = np.random.default_rng(2)
    users, items = random.normal(size=(USERS, 4)), random.normal(size=(ITEMS, 4))
    # Equal items: the first comes first.
    items[5] = items[3]
    rows = np.arange(USERS)
    found = [list(places[at]) for _, places, _ in best(users, items, cells, rows, 5)
             for at in range(len(places))]  # fmt: skip
    for row in rows:
        known = np.concatenate([[1.0], users[row, 1:]])
        seen = set(cells.places[cells.starts[row] : cells.starts[row + 1]])
        left = [item for item in range(ITEMS) if item not in seen]
        order = sorted(left, key=lambda item: (-(known @ items[item]), item))[:5]
        assert [each for each in found[row] if each != NOTHING] == order


def test_the_most_popular_are_counted_without_what_a_user_has(cells):
    popularity = np.bincount(cells.places, minlength=ITEMS)
    lists = popular_lists(popularity, cells, np.array([0, -1]), ITEMS)
    seen = set(cells.places[: cells.starts[1]])
    assert not seen & set(lists[0])
    counts = popularity[lists[1]]
    assert list(counts) == sorted(popularity, reverse=True)


def test_ranking_metrics_are_those_counted_by_hand():
    lists = np.full((2, 10), NOTHING, dtype=np.int32)
    lists[0, :3], lists[1, :2] = [4, 5, 6], [1, 2]
    # An item that was not learnt from is -1, as is an empty place; it is no hit.
    relevant = [np.array([5, 9]), np.array([-1])]
    found = judge(np.array([0, 0, 1]), np.zeros(3), None, lists, relevant, 20).values()
    gain, ideal = 1 / np.log2(3), 1 + 1 / np.log2(3)
    assert found["ndcg_at_10"] == pytest.approx(gain / ideal / 2)
    assert found["precision_at_10"] == pytest.approx(0.05)
    assert found["recall_at_10"] == pytest.approx(0.25)
    assert found["item_coverage"] == pytest.approx(5 / 20)


def test_units_weigh_as_if_their_rows_were_repeated():
    away = np.array([1.0, 4.0, 9.0])
    units = Units({"rmse": (away, np.array([1.0, 2.0, 3.0]))})
    found = units.metrics(np.array([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0]]))["rmse"]
    assert found[0] == pytest.approx(np.sqrt(11 / 5))
    assert np.isnan(found[1])


def test_the_latest_of_each_user_are_held_out_and_the_only_row_never():
    users = np.array([0, 1, 0, 0, 2, 0, 0, 1])
    assert list(latest(users, 0.4)) == [False, False, False, False, False, True, True, False]
