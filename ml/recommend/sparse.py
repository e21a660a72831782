"""Who met what, laid out row by row: the users' items, and turned round the items' users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.evaluation.metrics import Array, Codes

Starts = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Sparse:
    """A matrix of which few cells are known, row by row.

    Row r has the columns ``places[starts[r]:starts[r + 1]]``, in ascending order, with the
    ``values`` beside them; it is ``width`` columns wide.
    """

    starts: Starts
    places: Places
    values: Array
    width: int

    @property
    def rows(self) -> int:
        """How many rows there are, empty ones included."""
        return len(self.starts) - 1

    @property
    def counts(self) -> Codes:
        """How many cells each row has [rows]."""
        return np.diff(self.starts)

    @property
    def owners(self) -> Codes:
        """The row of each cell [cells]."""
        return np.repeat(np.arange(self.rows), self.counts)

    def turned(self) -> tuple[Sparse, Codes]:
        """Return the same with rows and columns changed, and where each of its cells was here."""
        order = np.argsort(self.places, kind="stable")
        counts = np.bincount(self.places, minlength=self.width)
        turned = Sparse(
            _starts(counts), self.owners[order].astype(np.int32), self.values[order], self.rows
        )
        return turned, order


def sparse(rows: Codes, columns: Codes, values: Array, shape: tuple[int, int]) -> Sparse:
    """Return the cells (``rows``, ``columns``) with ``values``, in a matrix of ``shape``.

    A cell met more than once has the last value given.
    """
    order = np.lexsort((columns, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    # The sort keeps the order given among equals, so that the last one of a cell is the last given.
    last = np.ones(len(rows), dtype=np.bool_)
    last[:-1] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    counts = np.bincount(rows[last], minlength=shape[0])
    return Sparse(_starts(counts), columns[last].astype(np.int32), values[last], shape[1])


def _starts(counts: Codes) -> Starts:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
