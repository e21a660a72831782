"""Columns of photos made columns of descriptors, and the rows named whose photo cannot be read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column
from ml.errors import PipelineError
from ml.images.decode import ABSENT, Unreadable
from ml.images.describe import Vector
from ml.images.describer import Describer
from ml.images.description import Description
from ml.images.left_out import hash_sql
from ml.relation import Relation

# So many photos are read at once.
AT_ONCE = 64
Codes = npt.NDArray[np.int64]


def lists_of(vectors: Sequence[Vector], width: int) -> pa.Array:
    """Return ``vectors``, each ``width`` long, as a column of lists."""
    flat = np.concatenate([np.zeros(0, dtype=np.float32), *vectors])
    return pa.FixedSizeListArray.from_arrays(pa.array(flat, pa.float32()), width)


@dataclass(frozen=True)
class PhotoColumn:
    """The photos of a table: ``lists`` [distinct] of descriptors and a ``code`` [rows] of each.

    The last of ``lists`` stands for what cannot be read; ``why`` says why, by the row.
    """

    lists: pa.Array
    codes: Codes
    why: Mapping[int, Unreadable]

    @property
    def readable(self) -> npt.NDArray[np.bool_]:
        """Whether the photo of each row can be read."""
        return np.asarray(self.codes < len(self.lists) - 1)

    @property
    def column(self) -> pa.Array:
        """The descriptors of each row."""
        return self.lists.take(pa.array(self.codes))


def described(
    conn: DuckDBPyConnection, relation: Relation, column: Column, keys: pa.ChunkedArray
) -> PhotoColumn:
    """Return the photos in ``column`` of ``relation``; ``keys`` [rows] are their hashes.

    They stream, ``AT_ONCE`` at a time, and none is described twice. Raises PipelineError where
    none can be read.
    """
    describer = Describer(column.described or Description(), most=AT_ONCE)
    places: dict[str, int] = {}
    vectors: list[Vector] = []
    why = {"": ABSENT}
    asked = f"select {hash_sql(column)}, {column.feature_sql} from {relation.sql}"
    for batch in conn.execute(asked).to_arrow_reader(AT_ONCE):
        known = zip(batch.column(0).to_pylist(), batch.column(1), strict=True)
        fresh = {key: photo for key, photo in known if key and key not in places and key not in why}
        found = describer.of([photo.as_py() for photo in fresh.values()])
        for key, each in zip(fresh, found, strict=True):
            if each.vector is None:
                why[key] = each.why or why[""]
            else:
                places[key] = len(vectors)
                vectors.append(each.vector)
    if not vectors:
        first = next((each for key, each in why.items() if key), why[""])
        raise PipelineError(
            f"no photo in '{column.name}' of {relation} can be read: {first.reason}",
            fix=first.remedy,
        )
    hashes = [key or "" for key in keys.to_pylist()]
    codes = [places.get(key, len(vectors)) for key in hashes]
    unread = {at: why[key] for at, key in enumerate(hashes) if key not in places}
    blank = np.zeros(describer.width, dtype=np.float32)
    lists = lists_of([*vectors, blank], describer.width)
    return PhotoColumn(lists, np.array(codes, dtype=np.int64), unread)
