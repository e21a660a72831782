"""From columns to what an estimator reads, by a mapping learnt once from the training rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ml.columns import Column

Matrix = npt.NDArray[np.float64]
Inputs = npt.NDArray[Any]
FeatureKind = Literal["number", "boolean", "category", "text"]


@dataclass(frozen=True)
class Feature:
    """One feature as the training rows showed it.

    ``categories`` are the values that have a code, the code being the position. A value seen
    later that is not among them counts as missing. ``rare`` is how many values were left out
    because there were too many, ``missing`` how many training rows had none. One made by SQL has
    that as ``sql``, and the columns that reads, with their types in training, as ``reads``.
    """

    name: str
    type: str
    kind: FeatureKind
    categories: tuple[str, ...] = ()
    rare: int = 0
    missing: int = 0
    sql: str | None = None
    reads: tuple[tuple[str, str], ...] = ()

    @property
    def column(self) -> Column:
        """The column of the training set, or what makes it."""
        return Column(self.name, self.type, self.sql, self.reads)


@dataclass(frozen=True)
class Encoder:
    """The features of a version, in order, and how each becomes input."""

    features: tuple[Feature, ...]

    @property
    def reads_text(self) -> bool:
        """Whether the features are documents rather than a matrix."""
        return any(feature.kind == "text" for feature in self.features)

    def encode(self, rows: pa.Table | pa.RecordBatch) -> Inputs:
        """Return the input for ``rows``, whose columns are the features in order.

        A matrix [rows, features] of float64 with NaN for missing, or documents [rows].
        """
        return self._documents(rows) if self.reads_text else self._matrix(rows)

    def _matrix(self, rows: pa.Table | pa.RecordBatch) -> Matrix:
        matrix = np.empty((rows.num_rows, len(self.features)), dtype=np.float64)
        for at, values in enumerate(self.columns(rows)):
            matrix[:, at] = pc.cast(values, pa.float64()).to_numpy(zero_copy_only=False)
        return matrix

    def columns(self, rows: pa.Table | pa.RecordBatch) -> list[Any]:
        """Return the columns of ``rows``, text as the codes of its categories; null is missing."""
        return [
            pc.index_in(rows.column(at), value_set=pa.array(feature.categories, pa.string()))
            if feature.kind == "category"
            else rows.column(at)
            for at, feature in enumerate(self.features)
        ]

    def _documents(self, rows: pa.Table | pa.RecordBatch) -> npt.NDArray[np.object_]:
        # Arrow 26's binary_join_element_wise leaves out a row of which every text is null.
        texts = zip(*(column.to_pylist() for column in rows.columns), strict=True)
        joined = ["\n".join(text for text in row if text is not None) for row in texts]
        return np.array(joined, dtype=object)

    def to_json(self) -> str:
        """Return the mapping as it is kept with the version."""
        return json.dumps([asdict(feature) for feature in self.features], ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Encoder:
        """Return the encoder that :meth:`to_json` wrote down."""
        return cls(tuple(_feature(each) for each in json.loads(text)))


def _feature(kept: dict[str, Any]) -> Feature:
    reads = tuple((name, type_) for name, type_ in kept.get("reads", ()))
    return Feature(**{**kept, "categories": tuple(kept["categories"]), "reads": reads})


def fit_encoder(
    columns: Sequence[Column], rows: pa.Table, *, reads_text: bool, most: int
) -> Encoder:
    """Learn the mapping from ``rows``, the training rows alone, columns in order.

    At most ``most`` categories of a feature get a code, the most frequent ones.
    """
    kept = []
    for at, column in enumerate(columns):
        values = rows.column(at)
        kind: FeatureKind = "text" if reads_text else "category"
        if column.kind != "text":
            kind = "boolean" if column.kind == "boolean" else "number"
        names, rare = _categories(values, most) if kind == "category" else ((), 0)
        missing = missing_in(values)
        made = (column.expression, column.reads)
        kept.append(Feature(column.name, column.type, kind, names, rare, missing, *made))
    return Encoder(tuple(kept))


def _categories(values: pa.ChunkedArray, most: int) -> tuple[tuple[str, ...], int]:
    """Return the ``most`` frequent values in the order of their code points, and how many more."""
    counts = pc.value_counts(values.drop_null()).to_pylist()
    ranked = sorted(counts, key=lambda each: (-each["counts"], each["values"]))
    names = sorted(each["values"] for each in ranked[:most])
    return tuple(names), len(ranked) - len(names)


def missing_in(values: pa.ChunkedArray) -> int:
    """Return how many of ``values`` are null or NaN."""
    if not pa.types.is_floating(values.type):
        return int(values.null_count)
    return int(values.null_count) + (pc.sum(pc.is_nan(values)).as_py() or 0)


def infinite(columns: Sequence[Column], rows: pa.Table | pa.RecordBatch) -> list[str]:
    """Return the names of the columns that hold an infinite value in ``rows``."""
    floats = (
        (column, rows.column(at)) for at, column in enumerate(columns) if column.kind != "text"
    )
    return [column.name for column, values in floats if pc.any(pc.is_inf(values)).as_py()]
