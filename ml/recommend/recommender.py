"""What tells how much a user likes an item, and which items to show."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.evaluation.metrics import Array, Codes
from ml.recommend.factors import Factors, Settings, learn
from ml.recommend.ranking import NOTHING, best, most_popular
from ml.recommend.sparse import Sparse, sparse

UNKNOWN = -1
_AT_ONCE = 10_000


@dataclass(frozen=True)
class Ratings:
    """Who met what: positions in the lists of ``users`` and ``items``, and how much it was liked.

    ``user``, ``item`` and ``value`` are [rows]; the lists are sorted text, each name once.
    """

    users: pa.Array
    items: pa.Array
    user: Codes
    item: Codes
    value: Array

    @property
    def cells(self) -> Sparse:
        """The ratings as a matrix [users, items]."""
        shape = (len(self.users), len(self.items))
        return sparse(self.user, self.item, self.value, shape)


@dataclass(frozen=True)
class Recommender:
    """Factors with the names they are of.

    ``users`` and ``items`` are sorted text; ``seen`` [users, items] is what was learnt from, and
    ``met`` that with what was held out: what a user has is not shown; ``popularity`` [items] is
    how many users have an item; ratings are told within ``bounds``, choices have none.
    """

    feedback: str
    users: pa.Array
    items: pa.Array
    factors: Factors
    seen: Sparse
    met: Sparse
    popularity: Codes
    bounds: tuple[float, float]

    @property
    def state(self) -> dict[str, Any]:
        """What the artifact is made of: text and arrays, see :meth:`of_state`."""
        return {
            "feedback": self.feedback,
            "users": self.users.to_pylist(),
            "items": self.items.to_pylist(),
            "mean": self.factors.mean,
            "user_factors": self.factors.users,
            "item_factors": self.factors.items,
            "seen_starts": self.seen.starts,
            "seen_places": self.seen.places,
            "met_starts": self.met.starts,
            "met_places": self.met.places,
            "bounds": list(self.bounds),
        }

    @staticmethod
    def of_state(kept: Mapping[str, Any]) -> Recommender:
        """Return the recommender that :attr:`state` was of."""
        places, items = kept["seen_places"], pa.array(kept["items"], pa.string())
        seen = Sparse(kept["seen_starts"], places, np.empty(0), len(items))
        met = Sparse(kept["met_starts"], kept["met_places"], np.empty(0), len(items))
        factors = Factors(kept["mean"], kept["user_factors"], kept["item_factors"])
        low, high = kept["bounds"]
        users = pa.array(kept["users"], pa.string())
        popularity = np.bincount(places, minlength=len(items))
        return Recommender(
            kept["feedback"], users, items, factors, seen, met, popularity, (low, high)
        )

    def rate(self, user: Codes, item: Codes) -> Array:
        """Return the rating, or the strength of a choice, of each pair [rows].

        A user or item that is :data:`UNKNOWN` adds nothing: the mean and the other's bias are told.
        """
        users = _with_unknown(self.factors.users)
        items = _with_unknown(self.factors.items)
        told = np.empty(len(user))
        for start in range(0, len(user), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            ours, theirs = users[user[part]], items[item[part]]
            both = np.einsum("ij,ij->i", ours[:, 1:], theirs[:, 1:])
            told[part] = self.factors.mean + ours[:, 0] + theirs[:, 0] + both
        return np.clip(told, *self.bounds)

    def with_met(self, user: pa.Array, item: pa.Array) -> Recommender:
        """Return the same, which does not show users the items of the pairs [rows] either."""
        pairs = codes_of(user, self.users), codes_of(item, self.items)
        known = (pairs[0] != UNKNOWN) & (pairs[1] != UNKNOWN)
        users = np.concatenate((self.seen.owners, pairs[0][known]))
        items = np.concatenate((self.seen.places.astype(np.int64), pairs[1][known]))
        shape = (len(self.users), len(self.items))
        return replace(self, met=sparse(users, items, np.zeros(len(users)), shape))

    def recommend(
        self, users: pa.Array, top: int, *, as_judged: bool = False
    ) -> Generator[pa.Table]:
        """Yield for blocks of ``users`` (text) the ``top`` items each, best first.

        The columns are ``user`` (the position in ``users``), ``rank`` from 1, ``item`` (text),
        ``score`` and ``is_fallback``. A user who was not learnt from gets what most users have:
        ``is_fallback`` says so, and ``score`` is then the share of users who have it, else
        the rating or strength told. ``as_judged`` shows what was held out, too.
        Fewer rows come where fewer items are left.
        """
        codes = codes_of(users, self.users)
        known, cold = np.flatnonzero(codes != UNKNOWN), np.flatnonzero(codes == UNKNOWN)
        done = 0
        for block, places, values in best(
            self.factors.users,
            self.factors.items,
            self.seen if as_judged else self.met,
            codes[known],
            top,
        ):
            at = known[done : done + len(block)]
            done += len(block)
            own = self.factors.mean + self.factors.users[block, 0]
            scores = np.clip(own[:, None] + values, *self.bounds)
            yield self._table(at, places, scores, is_fallback=False)
        popular = most_popular(self.popularity, top, np.empty(0, dtype=np.int32))
        shares = self.popularity[popular] / len(self.users)
        for start in range(0, len(cold), _AT_ONCE):
            at = cold[start : start + _AT_ONCE]
            many = (len(at), 1)
            yield self._table(at, np.tile(popular, many), np.tile(shares, many), is_fallback=True)

    def _table(self, at: Codes, places: Any, scores: Array, *, is_fallback: bool) -> pa.Table:
        there = places != NOTHING
        ranks = np.tile(np.arange(1, places.shape[1] + 1, dtype=np.int32), (len(at), 1))
        return pa.table(
            {
                "user": np.repeat(at, places.shape[1])[there.ravel()],
                "rank": ranks[there],
                "item": self.items.take(pa.array(places[there])),
                "score": scores[there],
                "is_fallback": np.full(int(there.sum()), is_fallback),
            }
        )


def fit(ratings: Ratings, settings: Settings, seed: int) -> Recommender:
    """Return what is learnt from ``ratings``; of choices the values are strengths above 0."""
    cells = ratings.cells
    endless = (-np.inf, np.inf)
    explicit = settings.feedback == "explicit"
    return Recommender(
        settings.feedback,
        ratings.users,
        ratings.items,
        learn(cells, settings, seed),
        cells,
        cells,
        np.bincount(cells.places, minlength=cells.width),
        (float(cells.values.min()), float(cells.values.max())) if explicit else endless,
    )


def codes_of(names: pa.Array, known: pa.Array) -> Codes:
    """Return the position of each of ``names`` in ``known``, :data:`UNKNOWN` where it is not."""
    found = pc.fill_null(pc.index_in(names, value_set=known), UNKNOWN)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def named(users: pa.Array, items: pa.Array, values: Array) -> Ratings:
    """Return the ratings of ``users`` (text) of ``items`` (text), row by row."""
    ours, theirs = _names(users), _names(items)
    return Ratings(ours, theirs, codes_of(users, ours), codes_of(items, theirs), values)


def _names(column: pa.Array) -> pa.Array:
    found = pc.unique(column)
    return found.take(pc.sort_indices(found))


def _with_unknown(factors: Array) -> Array:
    """Return ``factors`` with a row of zeros at the end, which is what -1 picks."""
    return np.concatenate((factors, np.zeros((1, factors.shape[1]))))
