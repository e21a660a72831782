"""What tells several rows of one: a list for each row that is asked, which SQL takes apart."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ml.versions.registry import ModelVersion


def lists_of(columns: Mapping[str, pa.Array], lengths: npt.NDArray[np.int64]) -> pa.Array:
    """Return the rows of ``columns``, one after the other, as lists of structs of ``lengths``."""
    rows = pa.StructArray.from_arrays([*columns.values()], [*columns])
    ends = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), rows)


def place_learnt_from(database: str, version: ModelVersion) -> dict[str, str]:
    """Return where the table that ``version`` was trained on is, in the database that has it."""
    relation = version.learnt_from
    return {"database": database, "schema": relation.schema, "name": relation.name}
