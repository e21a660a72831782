"""Matrix factorisation by alternating least squares, of ratings and of choices.

Sources: Y. Koren, R. Bell, C. Volinsky, "Matrix factorization techniques for recommender systems",
Computer 42 (2009), for ratings with biases; Y. Hu, Y. Koren, C. Volinsky, "Collaborative filtering
for implicit feedback datasets", ICDM 2008, for choices.
"""

from dataclasses import dataclass

import numpy as np

from ml.evaluation.metrics import Array
from ml.recommend.solve import solve
from ml.recommend.sparse import Sparse


@dataclass(frozen=True)
class Settings:
    """How factors are learnt; the names are those of the preset's parameters.

    ``regularization`` and ``bias_regularization`` are the ridge penalties of the factors and of the
    biases; ``alpha`` is by how much more a choice of strength 1 counts than what was not chosen.
    """

    feedback: str = "explicit"
    factors: int = 16
    regularization: float = 10.0
    bias_regularization: float = 2.0
    iterations: int = 15
    alpha: float = 10.0


@dataclass(frozen=True)
class Factors:
    """What was learnt: a user likes an item by ``mean + users[u, 0] + items[i, 0]`` and more.

    ``users`` [users, 1 + factors] and ``items`` [items, 1 + factors] have a bias in front; the
    product of the rest is added to it. Choices have no biases: theirs are 0.
    """

    mean: float
    users: Array
    items: Array


def learn(cells: Sparse, settings: Settings, seed: int) -> Factors:
    """Return the factors of ``cells`` [users, items], whose values are ratings or strengths.

    The same cells, settings and seed give the same factors, on any number of threads. With
    ``factors`` 0 ratings are told by the biases alone.
    """
    random = np.random.default_rng(seed)
    start = random.normal(0.0, 0.1, (cells.width, settings.factors))
    learnt = _of_ratings if settings.feedback == "explicit" else _of_choices
    return learnt(cells, settings, start)


def _of_ratings(cells: Sparse, settings: Settings, start: Array) -> Factors:
    turned, order = cells.turned()
    mean = float(np.mean(cells.values))
    ratings, weights = cells.values - mean, np.ones(len(cells.values))
    penalty = np.full(1 + settings.factors, settings.regularization)
    penalty[0] = settings.bias_regularization
    users = np.zeros((cells.rows, len(penalty)))
    items = np.concatenate((np.zeros((cells.width, 1)), start), axis=1)
    for _ in range(settings.iterations):
        users = _half(cells, weights, ratings, items, penalty)
        items = _half(turned, weights, ratings[order], users, penalty)
    return Factors(mean, users, items)


def _half(cells: Sparse, weights: Array, ratings: Array, others: Array, penalty: Array) -> Array:
    """Return the biases and factors of the rows, given those of the columns."""
    known = others.copy()
    known[:, 0] = 1.0
    left = ratings - others[cells.places, 0]
    width = len(penalty)
    return solve(cells, weights, left, known, penalty, np.zeros((width, width)))


def _of_choices(cells: Sparse, settings: Settings, start: Array) -> Factors:
    turned, order = cells.turned()
    extra = settings.alpha * cells.values
    penalty = np.full(settings.factors, settings.regularization)
    users, items = np.zeros((cells.rows, settings.factors)), start
    for _ in range(settings.iterations):
        users = solve(cells, extra, 1 + extra, items, penalty, items.T @ items)
        back = extra[order]
        items = solve(turned, back, 1 + back, users, penalty, users.T @ users)
    return Factors(0.0, _with_bias(users), _with_bias(items))


def _with_bias(factors: Array) -> Array:
    return np.concatenate((np.zeros((len(factors), 1)), factors), axis=1)
