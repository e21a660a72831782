"""A column as the kernels read it: its values, and where they are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ml.evaluation.metrics import Array

_BITS_A_BYTE = 8


@dataclass(frozen=True)
class Values:
    """Numbers, or codes of categories [rows]; NaN is missing.

    With ``bits`` a value is missing, too, where the bitmap has a zero; its first row is bit
    ``offset``, the lowest bit of a byte first.
    """

    values: npt.NDArray[Any]
    bits: npt.NDArray[np.uint8] | None = None
    offset: int = 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    @classmethod
    def of_arrow(cls, array: pa.Array) -> Values:
        """Return the values of ``array``, whose type is one of numbers, without copying them."""
        bitmap, data = array.buffers()
        kind = array.type.to_pandas_dtype()
        values = np.frombuffer(data, dtype=kind)[array.offset : array.offset + len(array)]
        if bitmap is None or array.null_count == 0:
            return cls(values)
        return cls(values, np.frombuffer(bitmap, dtype=np.uint8), array.offset)

    @property
    def whole_bytes(self) -> npt.NDArray[np.uint8] | None:
        """The bitmap from the first row on; None without one, or where that is within a byte."""
        if self.bits is None or self.offset % _BITS_A_BYTE:
            return None
        return self.bits[self.offset // _BITS_A_BYTE :]

    def numbers(self) -> Array:
        """Return the values as float64 [rows], NaN where they are missing."""
        found = self.values.astype(np.float64)
        if self.bits is not None:
            start = self.offset // _BITS_A_BYTE
            bits = np.unpackbits(self.bits[start:], bitorder="little")
            there = bits[self.offset % _BITS_A_BYTE :][: len(found)]
            found[there == 0] = np.nan
        return found
