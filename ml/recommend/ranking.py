"""The n best items of each user, a block of users at a time, so that memory does not grow."""

import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ml.compiled.kernel import kernel
from ml.evaluation.metrics import Array, Codes
from ml.recommend.sparse import Places, Sparse, Starts

NOTHING = -1
_BLOCK = 256
_PARTS = 32


def best(
    users: Array, items: Array, seen: Sparse, rows: Codes, top: int
) -> Generator[tuple[Codes, Places, Array]]:
    """Yield for blocks of the users at ``rows`` the ``top`` items they like best.

    ``users`` [users, width] and ``items`` [items, width] are as
    :class:`ml.recommend.factors.Factors` has them; of equal items the first comes first, and what
    ``seen`` [users, items] has of a user is passed over. A block gives its rows [block], the items
    [block, top] and what is added to the user's own bias for each [block, top]; where a user has
    fewer items left the rest are :data:`NOTHING` with the value -inf. A block's scores of all items
    are all that is held at a time.
    """
    wide = np.ascontiguousarray(items.T)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            known = users[block]
            known[:, 0] = 1.0
            scores = known @ wide
            places = np.full((len(block), top), NOTHING, dtype=np.int32)
            values = np.full((len(block), top), -np.inf)

            def part(
                first: int,
                block: Codes = block,
                scores: Array = scores,
                places: Places = places,
                values: Array = values,
            ) -> None:
                last = min(first + _PARTS, len(block))
                _best(first, last, block, seen.starts, seen.places, scores, places, values)

            list(pool.map(part, range(0, len(block), _PARTS)))
            yield block, places, values


def most_popular(popularity: Codes, top: int, seen: Places) -> Places:
    """Return the ``top`` items most users have, of equal ones the first, but for those ``seen``."""
    left = np.argsort(-popularity, kind="stable")
    return left[~np.isin(left, seen)][:top].astype(np.int32)


def popular_lists(popularity: Codes, seen: Sparse, rows: Codes, top: int) -> Places:
    """Return the ``top`` items [rows, top] most users have, but for what each user has.

    ``rows`` are positions in ``seen``, below zero for a user who has nothing.
    """
    lists = np.full((len(rows), top), NOTHING, dtype=np.int32)
    nothing = np.empty(0, dtype=np.int32)
    for at, row in enumerate(rows):
        own = seen.places[seen.starts[row] : seen.starts[row + 1]] if row >= 0 else nothing
        found = most_popular(popularity, top, own)
        lists[at, : len(found)] = found
    return lists


@kernel
def _best(
    first: int,
    last: int,
    block: Codes,
    starts: Starts,
    seen: Places,
    scores: Array,
    places: Places,
    values: Array,
) -> None:
    top = places.shape[1]
    for row in range(first, last):
        score = scores[row]
        for cell in range(starts[block[row]], starts[block[row] + 1]):
            score[seen[cell]] = -np.inf
        least = -np.inf
        for item in range(len(score)):
            value = score[item]
            if not value > least:
                continue
            at = top - 1
            while at > 0 and value > values[row, at - 1]:
                values[row, at] = values[row, at - 1]
                places[row, at] = places[row, at - 1]
                at -= 1
            values[row, at] = value
            places[row, at] = item
            least = values[row, top - 1]
