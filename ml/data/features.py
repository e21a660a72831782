"""From columns to what an estimator reads, by a mapping learnt once from the training rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ml.columns import Column
from ml.data.side_by_side import side_by_side
from ml.declaration.presets import Reads
from ml.images.description import Description

Matrix = npt.NDArray[np.float64]
Inputs = npt.NDArray[Any]
Positions = npt.NDArray[np.int64]

FeatureKind = Literal["number", "boolean", "category", "text", "string", "image"]


@dataclass(frozen=True)
class Feature:
    """One feature as the training rows showed it.

    ``categories`` are the values that have a code, the code being the position. A value seen
    later that is not among them counts as missing. ``rare`` is how many values were left out
    because there were too many, ``missing`` how many training rows had none. One made by SQL has
    that as ``sql``, and the columns that reads, with their types in training, as ``reads``. A
    ``string`` is a text as it is, an ``image`` photos with how they are ``described``.
    """

    name: str
    type: str
    kind: FeatureKind
    categories: tuple[str, ...] = ()
    rare: int = 0
    missing: int = 0
    sql: str | None = None
    reads: tuple[tuple[str, str], ...] = ()
    described: Description | None = None

    @cached_property
    def codes(self) -> pa.Array:
        """The categories, each at its code."""
        return pa.array(self.categories, pa.string())

    @property
    def column(self) -> Column:
        """The column of the training set, or what makes it."""
        return Column(self.name, self.type, self.sql, self.reads, self.described)


@dataclass(frozen=True)
class Encoder:
    """The features of a version, in order, and how each becomes input."""

    features: tuple[Feature, ...]

    @property
    def reads_text(self) -> bool:
        """Whether the features are documents rather than a matrix."""
        return any(feature.kind == "text" for feature in self.features)

    @property
    def reads_images(self) -> bool:
        """Whether the features are descriptors of photos rather than a column each."""
        return any(feature.kind == "image" for feature in self.features)

    def encode(
        self,
        rows: pa.Table | pa.RecordBatch,
        *,
        at: Positions | None = None,
        order: Literal["C", "F"] = "C",
    ) -> Inputs:
        """Return the input for ``rows``, whose columns are the features in order.

        A matrix [rows, features] of float64 with NaN for missing, of objects where a feature is a
        text as it is; the descriptors [rows, …] of photos, whose columns are lists of them; or
        documents [rows]. With ``at`` of the rows at these positions. The matrix lies row by row, or
        with ``order`` F column by column, as fitting reads it.
        """
        if self.reads_text:
            return self._documents(rows if at is None else rows.take(at))
        if self.reads_images:
            return _descriptors(rows, at)
        many = rows.num_rows if at is None else len(at)
        as_is = any(feature.kind == "string" for feature in self.features)
        kind = object if as_is else np.float64
        matrix: Inputs = np.empty((many, len(self.features)), dtype=kind, order=order)

        def fill(number: int) -> None:
            if as_is:
                values = _values(self.features[number], rows.column(number))
                matrix[:, number] = values if at is None else values[at]
                return
            plain = _numbers(self.features[number], rows.column(number))
            if at is None:
                matrix[:, number] = plain
            else:
                # Positions are known to be good; to check them numpy would copy once more.
                np.take(plain, at, out=matrix[:, number], mode="clip")

        side_by_side(fill, range(len(self.features)), many)
        return matrix

    def columns(self, rows: pa.Table | pa.RecordBatch) -> list[Any]:
        """Return the columns of ``rows``, text as the codes of its categories; null is missing."""
        return [coded(feature, rows.column(at)) for at, feature in enumerate(self.features)]

    def _documents(self, rows: pa.Table | pa.RecordBatch) -> npt.NDArray[np.object_]:
        # Arrow 26's binary_join_element_wise leaves out a row of which every text is null.
        texts = zip(*(column.to_pylist() for column in rows.columns), strict=True)
        joined = ["\n".join(text for text in row if text is not None) for row in texts]
        return np.array(joined, dtype=object)

    def to_json(self) -> str:
        """Return the mapping as it is kept with the version."""
        kept = [asdict(feature) for feature in self.features]
        for feature, each in zip(self.features, kept, strict=True):
            if feature.described is None:
                del each["described"]
        return json.dumps(kept, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Encoder:
        """Return the encoder that :meth:`to_json` wrote down."""
        return cls(tuple(_feature(each) for each in json.loads(text)))


def _numbers(feature: Feature, values: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Return ``values`` as the matrix has them: a category's code, NaN for missing."""
    plain = pc.cast(coded(feature, values), pa.float64())
    return np.asarray(plain.to_numpy(zero_copy_only=False))


def _values(feature: Feature, values: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.object_]:
    """Return ``values`` as they are: texts with None for missing, numbers with NaN."""
    plain = values.to_numpy(zero_copy_only=False) if feature.kind == "string" else None
    return np.asarray(_numbers(feature, values) if plain is None else plain, dtype=object)


def _descriptors(rows: pa.Table | pa.RecordBatch, at: Positions | None) -> Matrix:
    """Return the lists in the columns of ``rows`` side by side, a row each."""
    taken = rows if at is None else rows.take(pa.array(at))
    parts = []
    for column in taken.columns:
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        lists = [whole] if isinstance(whole, pa.Array) else whole.chunks
        parts += [np.asarray(each.flatten(), dtype=np.float64).reshape(len(each), -1)
                  for each in lists]  # fmt: skip
    return np.concatenate(parts, axis=1)


def coded(feature: Feature, values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return ``values``, those of a category as its codes, null where it has none."""
    if feature.kind != "category":
        return values
    return pc.index_in(values, value_set=feature.codes)


def _feature(kept: dict[str, Any]) -> Feature:
    reads = tuple((name, type_) for name, type_ in kept.get("reads", ()))
    how = Description.of(kept["described"]) if kept.get("described") else None
    made = {"categories": tuple(kept["categories"]), "reads": reads, "described": how}
    return Feature(**{**kept, **made})


# What a text becomes for what reads so.
_TEXTS: Mapping[Reads, FeatureKind] = {
    "numbers": "category",
    "text": "text",
    "images": "category",
    "values": "string",
}


def fit_encoder(
    columns: Sequence[Column],
    rows: pa.Table,
    *,
    reads: Reads,
    most: int,
    at: Positions | None = None,
) -> Encoder:
    """Learn the mapping from ``rows``, the training rows alone, columns in order.

    With ``at`` the training rows are those at these positions. At most ``most`` categories of a
    feature get a code, the most frequent ones.
    """

    def learn(number: int) -> Feature:
        column, values = columns[number], rows.column(number)
        kind: FeatureKind = _TEXTS[reads]
        if column.kind == "photo":
            kind = "image"
        elif column.kind != "text":
            kind = "boolean" if column.kind == "boolean" else "number"
        names, rare = _categories(values, at, most) if kind == "category" else ((), 0)
        missing = missing_in(values, at)
        made = (column.expression, column.reads, column.described)
        return Feature(column.name, column.type, kind, names, rare, missing, *made)

    return Encoder(tuple(side_by_side(learn, range(len(columns)), rows.num_rows)))


def _categories(
    values: pa.ChunkedArray, at: Positions | None, most: int
) -> tuple[tuple[str, ...], int]:
    """Return the ``most`` frequent values in the order of their code points, and how many more."""
    known = pc.unique(values).drop_null()
    codes = pc.fill_null(pc.index_in(values, value_set=known), len(known)).to_numpy()
    counts = np.bincount(codes if at is None else codes[at], minlength=len(known) + 1)
    met = [each for each in zip(known.to_pylist(), counts.tolist(), strict=False) if each[1]]
    ranked = sorted(met, key=lambda each: (-each[1], each[0]))
    names = sorted(name for name, _ in ranked[:most])
    return tuple(names), len(ranked) - len(names)


def missing_in(values: pa.ChunkedArray, at: Positions | None = None) -> int:
    """Return how many of ``values``, or of those ``at`` positions, are null or NaN."""
    lacking = pc.is_null(values, nan_is_null=not pa.types.is_fixed_size_list(values.type))
    if at is None:
        return pc.sum(lacking).as_py() or 0
    return int(np.count_nonzero(lacking.to_numpy(zero_copy_only=False)[at]))


def infinite(columns: Sequence[Column], rows: pa.Table | pa.RecordBatch) -> list[str]:
    """Return the names of the columns that hold an infinite value in ``rows``."""
    floats = [at for at, each in enumerate(columns) if each.kind not in ("text", "photo")]
    found = side_by_side(lambda at: _is_endless(rows.column(at)), floats, rows.num_rows)
    return [columns[at].name for at, endless in zip(floats, found, strict=True) if endless]


def _is_endless(values: pa.Array | pa.ChunkedArray) -> bool:
    """Whether one of ``values`` is infinite."""
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    return any(_may_be_endless(chunk) and pc.any(pc.is_inf(chunk)).as_py() for chunk in chunks)


def _may_be_endless(values: pa.Array) -> bool:
    """Whether one of ``values`` is infinite, or what lies where a null is."""
    if not len(values) or not pa.types.is_floating(values.type):
        return bool(len(values))
    plain = np.frombuffer(values.buffers()[1], dtype=values.type.to_pandas_dtype())
    return bool(np.isinf(plain[values.offset : values.offset + len(values)]).any())
