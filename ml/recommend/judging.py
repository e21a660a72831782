"""How good recommendations are: of each user, so that users are what is resampled."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from ml.evaluation.metrics import Array, Codes
from ml.evaluation.units import Units
from ml.recommend.ranking import NOTHING
from ml.recommend.sparse import Places

TOP: Final = 10
# What the item on rank 1, 2 … adds, of which the ideal order has as many as there are items.
GAINS: Final = 1.0 / np.log2(np.arange(2, TOP + 2))


def judge(
    owner: Codes, truth: Array, told: Array | None, lists: Places, relevant: Sequence[Places],
    items: int,
) -> Units:  # fmt: skip
    """Return the sums of each user held out, by metric.

    ``owner`` [rows] is the position of the user of each rating held out, ``truth`` [rows] the
    rating and ``told`` [rows] what was told of it, None where no ratings are told. ``lists``
    [users, 10] are the items shown to each user, best first and NOTHING where there are fewer,
    ``relevant`` those the user went on to take; ``items`` is how many there are.

    ndcg_at_10 counts an item taken on rank r as 1 / log2(r + 1), over what the best order gives;
    precision_at_10 is the share of ten shown that was taken, recall_at_10 of those taken that was
    shown, item_coverage of all items that was shown to anyone.
    """
    users = len(relevant)
    sums = {} if told is None else _of_ratings(owner, truth, told, users)
    sums |= _of_lists(lists, relevant)
    shown = np.unique(lists[lists != NOTHING])
    return Units(sums, fixed={"item_coverage": len(shown) / items})


def _of_ratings(
    owner: Codes, truth: Array, told: Array, users: int
) -> dict[str, tuple[Array, Array]]:
    rows = np.bincount(owner, minlength=users).astype(np.float64)
    away = told - truth
    squares = np.bincount(owner, weights=away**2, minlength=users).astype(np.float64)
    sizes = np.bincount(owner, weights=np.abs(away), minlength=users).astype(np.float64)
    return {"rmse": (squares, rows), "mae": (sizes, rows)}


def _of_lists(lists: Places, relevant: Sequence[Places]) -> Mapping[str, tuple[Array, Array]]:
    hits = np.stack([np.isin(shown, taken) for shown, taken in zip(lists, relevant, strict=True)])
    # An item that was not learnt from has no place in the list of items either.
    hits &= lists != NOTHING
    wanted = np.array([len(taken) for taken in relevant])
    ideal = np.concatenate(([0.0], np.cumsum(GAINS)))[np.minimum(wanted, TOP)]
    found = hits.sum(axis=1).astype(np.float64)
    ones = np.ones(len(relevant))
    return {
        "ndcg_at_10": ((hits @ GAINS) / ideal, ones),
        "precision_at_10": (found / TOP, ones),
        "recall_at_10": (found / wanted, ones),
    }


def lists_of(table: pa.Table, users: int, codes: Codes) -> Places:
    """Return the items of ``table``, as ``Recommender.recommend`` gives them, as [users, 10].

    ``codes`` [rows] are their positions in the list of items that is counted in.
    """
    lists = np.full((users, TOP), NOTHING, dtype=np.int32)
    at = (table["user"].to_numpy(), table["rank"].to_numpy() - 1)
    lists[at] = codes
    return lists
