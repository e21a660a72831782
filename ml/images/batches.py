"""Photos of a scored table, batch by batch: described, and the rows that cannot be passed over."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ml.columns import Column
from ml.images.column import lists_of
from ml.images.describer import Describer
from ml.images.description import Description
from ml.images.installed import check_installed
from ml.images.left_out import LeftOut


class Photos:
    """Describes the features ``columns``, all photos; rows left out are added to ``left_out``.

    ``keys`` are the names of the columns that a batch begins with.
    """

    def __init__(
        self, columns: Sequence[Column], keys: Sequence[str], left_out: list[LeftOut]
    ) -> None:
        check_installed()
        self._columns, self._keys, self._left_out = columns, keys, left_out
        hows = [column.described or Description() for column in columns]
        known = {how: Describer(how) for how in hows}
        self._describers = [known[how] for how in hows]

    def described(self, batch: pa.RecordBatch, start: int) -> pa.RecordBatch:
        """Return ``batch`` with descriptors from column ``start`` on, readable rows alone."""
        whole, made = np.ones(batch.num_rows, dtype=bool), {}
        for number, (column, describer) in enumerate(
            zip(self._columns, self._describers, strict=True)
        ):
            found = describer.of(batch.column(start + number).to_pylist())
            blank = np.zeros(describer.width, dtype=np.float32)
            vectors = [blank if each.vector is None else each.vector for each in found]
            made[start + number] = lists_of(vectors, describer.width)
            for at, each in enumerate(found):
                if each.why is not None and whole[at]:
                    whole[at] = False
                    key = {
                        name: str(batch.column(place)[at].as_py())
                        for place, name in enumerate(self._keys)
                    }
                    why = each.why
                    self._left_out.append(LeftOut(key, column.name, why.reason, why.remedy))
        columns = [made.get(at, values) for at, values in enumerate(batch.columns)]
        return pa.RecordBatch.from_arrays(columns, names=batch.schema.names).filter(whole)
