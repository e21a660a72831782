"""Random numbers: one stream a subject and day, so that no part's draws shift another's."""

from zlib import crc32

import numpy as np


def stream(seed: int, subject: str, day: int = -1) -> np.random.Generator:
    """Return the generator of ``subject`` on ``day`` (days since the start; -1: before it)."""
    return np.random.default_rng([seed, crc32(subject.encode()), day + 1])


def pick(rng: np.random.Generator, weights: np.ndarray, count: int) -> np.ndarray:
    """Draw ``count`` indices with replacement, in proportion to ``weights`` (one dimension)."""
    edges = np.cumsum(weights, dtype=np.float64)
    if count == 0 or not len(edges) or edges[-1] <= 0:
        return np.empty(0, dtype=np.int64)
    return np.minimum(
        np.searchsorted(edges, rng.random(count) * edges[-1], side="right"), len(edges) - 1
    )
