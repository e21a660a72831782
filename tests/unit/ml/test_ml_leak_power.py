"""How much one column tells, held against scikit-learn, scipy and counting by hand."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest, rankdata, spearmanr
from sklearn.metrics import roc_auc_score

from ml.data.dataset import find_training_set, read
from ml.leaks import power, telling
from ml.leaks.bounds import auc_low, correlation_low, share_low
from ml.leaks.parts import purest
from tests.unit.ml.world import NOW, World


def drawn(seed=0, rows=400):
    random = np.random.default_rng(seed)
    values = random.integers(0, 30, rows).astype(float)
    return random, values, values + random.normal(0, 20, rows) > 15


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sign", [1, -1])
def test_the_auc_of_an_order_is_scikit_learns_in_the_better_direction(seed, sign):
    _, values, positive = drawn(seed)
    met, low = telling.order_auc(sign * values, positive)
    assert met == pytest.approx(roc_auc_score(positive, values), abs=1e-12)
    assert 0.5 < low < met


@pytest.mark.parametrize("seed", range(3))
def test_the_rank_correlation_is_scipys(seed):
    random, values, _ = drawn(seed)
    label = -values + random.normal(0, 10, len(values))
    met, low = telling.order_correlation(values, label)
    assert met == pytest.approx(-spearmanr(values, label).statistic, abs=1e-12)
    assert telling._ranks(values) == pytest.approx(rankdata(values))
    assert low < met
    assert telling.order_correlation(np.ones(9), np.arange(9.0)) == (0.0, 0.0)


@pytest.mark.parametrize("classes", [2, 5])
def test_shares_are_learnt_on_one_half_and_judged_on_the_other(classes):
    random, values, _ = drawn(1, 900)
    codes = values.astype(np.int64)
    labels = (codes + random.integers(0, 3, 900)) % classes
    held = random.random(900) < 0.5
    share = np.full((900, classes), np.nan)
    for code in range(30):
        for each in range(classes):
            others = labels[~held]
            among = others[codes[~held] == code]
            prior = np.mean(others == each)
            share[codes == code, each] = (np.sum(among == each) + prior) / (len(among) + 1)
    met, low = telling.share_auc(codes, labels, classes, held)
    aucs = [
        roc_auc_score(labels[held] == each, share[held, each])
        for each in (range(classes) if classes > 2 else [1])
    ]
    assert met == pytest.approx(max(aucs), abs=1e-12)
    assert 0.5 < low < met


def test_a_category_of_its_own_in_every_row_tells_nothing():
    random = np.random.default_rng(3)
    labels, held = random.integers(0, 2, 1000), np.arange(1000) % 2 == 0
    assert telling.share_auc(np.arange(1000), labels, 2, held)[0] == 0.5


@pytest.mark.parametrize("classes", [2, 4])
def test_the_purest_part_is_the_one_found_by_trying_every_value_and_all_but_it(classes):
    random, values, _ = drawn(7, 2000)
    codes = (values % 8).astype(np.int64)
    labels = np.where(random.random(2000) < 0.4, codes % classes, random.integers(0, 2, 2000))
    found = []
    for code in range(9):
        for rows in (codes == code, codes != code):
            for each in range(classes):
                if np.mean(labels == each) <= 0.5 and rows.any():
                    hits = int(np.sum(labels[rows] == each))
                    low = binomtest(hits, int(rows.sum())).proportion_ci(method="exact").low
                    found.append((low, hits / rows.sum(), rows.sum(), each))
    met = purest(codes, labels, classes, np.arange(2000) < 900, missing=8, is_text=False)
    assert (met.low, met.met, met.rows, met.told) == pytest.approx(max(found))


def test_values_chosen_together_are_judged_on_rows_they_were_not_chosen_on():
    """By chance some of many values have one class alone where they are chosen, and not beyond."""
    random = np.random.default_rng(11)
    codes, labels = random.integers(0, 60, 4000), random.integers(0, 2, 4000)
    held = random.random(4000) < 0.5
    labels[~held & (codes < 40)] = codes[~held & (codes < 40)] % 2
    by_chance = purest(codes, labels, 2, held, missing=60, is_text=True)
    assert by_chance.met < 0.9
    labels[codes < 40] = codes[codes < 40] % 2
    true = purest(codes, labels, 2, held, missing=60, is_text=True)
    assert (true.met, len(true.codes)) == (1.0, 20)
    assert true.rows == np.sum(held & np.isin(codes, true.codes))


def test_near_numbers_share_a_code_and_missing_ones_have_their_own():
    learnt = np.array([True, True, True, False, False])
    few = telling.coded(np.array([1.0, 3.0, np.nan, 2.0, 1.0]), learnt)
    assert few.tolist() == [1, 3, 5, 2, 1]
    many = telling.coded(np.r_[np.arange(5000.0), np.nan], np.ones(5001, dtype=bool))
    counts = np.bincount(many)
    assert 200 < np.count_nonzero(counts) <= 2 * telling.SHARES + 1
    assert counts[many[-1]] == 1


@pytest.mark.parametrize("truth", [0.7, 0.97, 0.995])
def test_the_lower_end_of_an_auc_lies_below_the_truth_in_all_but_a_few_samples(truth):
    """Normal scores whose AUC is known; the lower end of a 95 % interval misses 2.5 %."""
    from scipy.stats import norm

    random, shift, rows = np.random.default_rng(5), norm.ppf(truth) * np.sqrt(2), 120
    above = 0
    for _ in range(400):
        values = np.r_[random.normal(0, 1, rows), random.normal(shift, 1, rows)]
        positive = np.arange(2 * rows) >= rows
        above += telling.order_auc(values, positive)[1] > truth
    assert above / 400 < 0.05


def test_few_rows_that_are_separated_perfectly_are_not_certain():
    assert auc_low(1.0, 4, 4) < 0.7
    assert auc_low(1.0, 50, 50) < 0.99
    assert auc_low(1.0, 500, 500) > 0.99
    assert auc_low(1.0, 20, 100_000) < 0.99
    assert auc_low(0.5, 0, 9) == 0.0
    assert correlation_low(1.0, 20) < 0.9
    assert correlation_low(1.0, 1000) > 0.99
    assert correlation_low(1.0, 3) == 0.0


@pytest.mark.parametrize(("hits", "rows"), [(0, 5), (3, 7), (400, 400), (998, 1000)])
def test_the_lower_end_of_a_share_is_the_exact_one(hits, rows):
    exact = binomtest(hits, rows).proportion_ci(method="exact").low
    assert share_low(hits, rows) == pytest.approx(exact, abs=1e-12)


def looked_at(world: World, seed=0):
    found = find_training_set(world.conn, world.spec(), world.relations, NOW)
    told = power.powers(found, read(world.conn, found), seed, reads_text=False)
    return {(each.feature, each.signal): each for each in told}


def test_each_feature_of_a_table_is_looked_at_for_its_value_and_for_being_missing(world):
    told = looked_at(world)
    assert set(told) == {
        ("a", "value"), ("d", "value"), ("b", "value"), ("b", "missing"), ("c", "value"),
        ("c", "missing"), ("a", "part"), ("b", "part"), ("c", "part"), ("d", "part"),
    }  # fmt: skip
    truth = world.sql("select a, y, b is null from gold.trn")
    values, labels, lacking = (np.array(each, dtype=float) for each in zip(*truth, strict=True))
    assert told["a", "value"].met == pytest.approx(roc_auc_score(labels, values))
    auc = roc_auc_score(labels, lacking)
    assert told["b", "missing"].met == pytest.approx(max(auc, 1 - auc))
    assert told["a", "value"].rows == 600


def test_a_number_that_is_a_code_is_told_by_what_it_is_equal_to(world):
    world.sql(
        "create or replace table gold.trn as select * replace "
        "(case when y then 2 else 1 + 2 * (hash(id, 'z') % 2)::integer end as b) from gold.trn"
    )
    assert looked_at(world)["b", "value"].met == 1.0


def test_at_most_so_many_rows_are_looked_at_and_the_same_ones_for_a_seed(world, monkeypatch):
    monkeypatch.setattr(power, "MOST_ROWS", 200)
    first, again, other = looked_at(world), looked_at(world), looked_at(world, seed=1)
    assert first == again
    assert first != other
    assert first["a", "value"].rows == 200


def test_documents_are_looked_at_only_for_being_missing():
    column, label = power.Column("t", "VARCHAR"), power._Label(np.array([0, 1] * 20), ("n", "y"),
                                                               np.arange(40) < 20)  # fmt: skip
    values = pa.chunked_array([["a", None] * 20])
    told = list(power._of_one(column, values, label, reads_text=True))
    assert [each.signal for each in told] == ["missing", "part"]
    assert told[0].met == 1.0
    assert (told[1].part, told[1].told, told[1].rows) == ("is missing", "y", 20)
