"""Rows as a matrix that the generator draws from, and what is drawn as rows again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.columns import Column
from ml.data.dataset import Rows
from ml.evaluation.metrics import Array

# A value that fewer rows have may name a person.
COMMON = 5
_BOOLEAN = ("false", "true")


@dataclass(frozen=True)
class Coding:
    """How rows stand in a matrix: the label, the time where there is one, then each feature.

    ``values`` are those of each feature that has no order, by their codes, None for a number; of
    ``texts`` the engine has the text itself. ``classes`` says that the label is the code of one.
    """

    classes: bool
    timed: bool
    values: tuple[tuple[str, ...] | None, ...]
    texts: tuple[bool, ...]

    @classmethod
    def of(cls, rows: Rows, columns: Sequence[Column], classes: bool) -> "Coding":
        """Return the coding of ``rows``, whose features are ``columns`` of the training set."""
        texts = tuple(column.kind == "text" for column in columns)
        values = tuple(
            _values(rows.features.column(at), column) for at, column in enumerate(columns)
        )
        return cls(classes, rows.times is not None, values, texts)

    @property
    def first(self) -> int:
        """The position of the first feature in the matrix."""
        return 2 if self.timed else 1

    @property
    def nominal(self) -> list[bool]:
        """Of each column of the matrix, whether its values have no order."""
        time = [False] if self.timed else []
        return [self.classes, *time, *(each is not None for each in self.values)]

    def matrix(self, rows: Rows) -> Array:
        """Return ``rows`` as numbers [rows, columns], NaN for missing and for unknown texts."""
        columns = [rows.labels.astype(np.float64)]
        if self.timed and rows.times is not None:
            columns.append(rows.times.astype(np.float64))
        for column, known, text in zip(rows.features.columns, self.values, self.texts, strict=True):
            codes = pc.index_in(column, value_set=pa.array(known, pa.string())) if text else column
            columns.append(pc.cast(codes, pa.float64()).to_numpy(zero_copy_only=False))
        matrix = np.column_stack(columns)
        matrix[~np.isfinite(matrix)] = np.nan
        return matrix

    def rows(self, made: Array, names: Sequence[str]) -> Rows:
        """Return ``made`` [rows, columns] as the engine reads rows, features called ``names``."""
        columns = [
            as_text(known or (), made[:, at]) if text else pa.array(made[:, at])
            for at, (known, text) in enumerate(
                zip(self.values, self.texts, strict=True), start=self.first
            )
        ]
        labels = made[:, 0].astype(np.int64) if self.classes else made[:, 0]
        times = made[:, 1].astype(np.int64) if self.timed else None
        return Rows(pa.table(columns, names=list(names)), np.arange(len(made)), labels, times)

    def made(self, matrix: Array) -> list[int]:
        """Return the columns of ``matrix`` that are made: not the texts that may name a person."""
        texts = {at for at, text in enumerate(self.texts, start=self.first) if text}
        return [
            at for at in range(matrix.shape[1]) if at not in texts or not is_rare(matrix[:, at])
        ]


def is_rare(codes: Array) -> bool:
    """Whether most of ``codes``, NaN missing, are values that hardly another row has."""
    known = codes[~np.isnan(codes)].astype(np.int64)
    own = np.bincount(known, minlength=1)[known]
    return bool(len(known) and (own >= COMMON).sum() < len(known) / 2)


def as_text(values: tuple[str, ...], codes: Array) -> pa.Array:
    """Return the value of each of ``codes``, null for NaN."""
    missing = np.isnan(codes)
    positions = pa.array(np.where(missing, 0, codes).astype(np.int64), mask=missing)
    return pa.array(values, pa.string()).take(positions)


def _values(met: pa.ChunkedArray, column: Column) -> tuple[str, ...] | None:
    if column.kind == "text":
        return tuple(sorted(pc.unique(met).drop_null().to_pylist()))
    return _BOOLEAN if column.kind == "boolean" else None
