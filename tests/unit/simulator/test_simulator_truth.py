from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from simulator import truth
from simulator.delivery import Delivery
from simulator.settings import Settings
from simulator.world import World

NAMES = list(truth.COEFFICIENTS)


@dataclass(frozen=True)
class Observed:
    """Plans as they stood on monthly dates, and whether they were cancelled within 30 days."""

    factors: np.ndarray
    is_cancelled: np.ndarray


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Half a year of 5,000 customers: the folder of its files, and what was observed."""
    settings = Settings(days=181, customers=5000, dirt=0.0)
    root = tmp_path_factory.mktemp("truth")
    world, snapshots, left = World(settings), [], {}
    with Delivery(root, settings, world.calendar) as delivery:
        for day in range(settings.days):
            numbers = world.plans.number.copy()
            if day % 30 == 0 and 60 <= day <= 150:
                who = world.plans.covered(world.customers.known(day))
                snapshots.append((day, numbers[who], world.plans.factors(day, who)))
            world.step(day, delivery)
            gone = (numbers > 0) & (world.plans.number != numbers)
            left |= dict.fromkeys(numbers[gone].tolist(), day)
    labels = [
        [left.get(number, 10**6) < day + 30 for number in numbers.tolist()]
        for day, numbers, _ in snapshots
    ]
    factors = np.concatenate([found for _, _, found in snapshots])
    return root, Observed(factors, np.concatenate(labels))


def _fitted(observed: Observed, columns: list[int]) -> tuple[np.ndarray, float]:
    scaled = StandardScaler().fit_transform(observed.factors[:, columns])
    model = LogisticRegression(C=1e3).fit(scaled, observed.is_cancelled)
    chance = model.predict_proba(scaled)[:, 1]
    return model.coef_[0], float(roc_auc_score(observed.is_cancelled, chance))


def test_every_planted_factor_shows_with_its_sign_beside_the_others(world):
    weights, _ = _fitted(world[1], list(range(len(NAMES))))
    for name, weight in zip(NAMES, weights, strict=True):
        assert weight * np.sign(truth.COEFFICIENTS[name]) > 0.15, name


def test_the_truth_can_be_learned_but_not_wholly(world):
    _, area = _fitted(world[1], list(range(len(NAMES))))
    assert 0.74 < area < 0.84


@pytest.mark.parametrize("name", NAMES)
def test_a_model_without_one_factor_is_worse(world, name):
    _, whole = _fitted(world[1], list(range(len(NAMES))))
    _, without = _fitted(world[1], [i for i, other in enumerate(NAMES) if other != name])
    assert without < whole - 0.005


def test_two_to_five_percent_leave_in_a_month(world):
    assert 0.02 < world[1].is_cancelled.mean() < 0.05


def test_daily_chances_add_up_to_the_monthly_one():
    monthly = np.array([0.01, 0.2, 0.9])
    stays = (1 - truth.daily_chance(monthly)) ** truth.MONTH_DAYS
    assert stays == pytest.approx(1 - monthly)


def test_ratings_can_be_read_from_transcripts_but_not_without_error(world, read_jsonl):
    rated = [
        (call["transcript"], call["satisfaction_rating"] <= 2)
        for path in sorted((world[0] / "support/calls").iterdir())
        for call in read_jsonl(path)
        if call["satisfaction_rating"] is not None
    ]
    texts, labels = zip(*rated, strict=True)
    cut = int(len(texts) * 0.7)
    vectors = TfidfVectorizer(min_df=2, sublinear_tf=True).fit(texts[:cut])
    model = LogisticRegression(C=3).fit(vectors.transform(texts[:cut]), labels[:cut])
    chance = model.predict_proba(vectors.transform(texts[cut:]))[:, 1]
    assert 0.82 < roc_auc_score(labels[cut:], chance) < 0.96
