"""Features of a training set that are photos: described, and the rows without one named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column
from ml.images.left_out import LeftOut
from ml.relation import Relation

if TYPE_CHECKING:
    from ml.images.column import PhotoColumn

Key = Mapping[str, str]


def read_photos(
    conn: DuckDBPyConnection,
    relation: Relation,
    features: Sequence[Column],
    hashes: Sequence[pa.ChunkedArray],
) -> dict[int, PhotoColumn]:
    """Return those of ``features`` that are photos, by their number; ``hashes`` are those of each.

    Raises PipelineError where no photo of a feature can be read.
    """
    asked = [at for at, column in enumerate(features) if column.described]
    if not asked:
        return {}
    # Imported here, for scikit-image is an extra and takes a while.
    from ml.images.column import described

    return {at: described(conn, relation, features[at], hashes[at]) for at in asked}


def keys_of(names: Sequence[str], columns: pa.Table) -> list[Key]:
    """Return the key of each row as text; the first of ``columns`` are those of ``names``."""
    values = [columns.column(at).to_pylist() for at in range(len(names))]
    return [dict(zip(names, map(str, row), strict=True)) for row in zip(*values, strict=True)]


def left_out(
    features: Sequence[Column],
    photos: Mapping[int, PhotoColumn],
    keys: Sequence[Key],
    order: npt.NDArray[np.int64],
) -> tuple[LeftOut, ...]:
    """Return the rows of which a photo cannot be read, in ``order``, each once."""
    left: dict[int, LeftOut] = {}
    for number, each in photos.items():
        for at in order[~each.readable[order]].tolist():
            why = each.why[at]
            left.setdefault(at, LeftOut(keys[at], features[number].name, why.reason, why.remedy))
    return tuple(left.values())
