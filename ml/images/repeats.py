"""The same photo on both sides: what has been learnt by heart is no proof of anything."""

import numpy as np
import numpy.typing as npt

from ml.data.dataset import Rows, TrainingSet
from ml.data.holdout import Parts
from ml.leaks.guard import Leak
from ml.spec import ModelSpec


def check_repeats(spec: ModelSpec, found: TrainingSet, rows: Rows, parts: Parts) -> None:
    """Refuse a split by which one photo may be learnt from and judged on.

    By time and by column that is seen in ``parts``; where rows are drawn, by chance or into folds,
    those with the same photo have to be of one group, whatever the seed. What
    ``train.leak_guard.allow`` names may be on both sides. Raises Leak with how many and one pair.
    """
    if rows.photos is None or parts.learnt.photos is None or parts.held.photos is None:
        return
    photos = [column for column in found.features if column.kind == "photo"]
    if all(column.name in spec.train.leak_guard.allow for column in photos):
        return
    by = spec.train.split.by
    if by in ("random", "none"):
        shared = _apart(rows)
    else:
        shared = np.intersect1d(parts.learnt.photos, parts.held.photos)
    if len(shared):
        _refuse(spec, found, rows, shared)


def _apart(rows: Rows) -> npt.NDArray[np.int64]:
    """Return the photos that stand in rows of more than one group."""
    assert rows.photos is not None  # asked of rows with photos alone
    own = np.arange(len(rows.at)) if rows.groups is None else rows.groups
    across = np.repeat(own, rows.photos.shape[1])
    pairs = np.unique(np.stack([rows.photos.ravel(), across], axis=1), axis=0)
    codes, counts = np.unique(pairs[:, 0], return_counts=True)
    return np.asarray(codes[counts > 1])


def _refuse(spec: ModelSpec, found: TrainingSet, rows: Rows, codes: npt.NDArray[np.int64]) -> None:
    """Raise Leak for the photos ``codes``."""
    assert rows.photos is not None
    several = np.isin(rows.photos, codes).any(axis=1)
    first = np.flatnonzero((rows.photos == codes[0]).any(axis=1))[:2]
    keys = [rows.keys[rows.at[at]] for at in first]
    named = " and ".join(", ".join(f"{k} {v}" for k, v in key.items()) for key in keys)
    split = spec.train.split
    names = [column.name for column in found.features if column.kind == "photo"]
    if split.by in ("random", "none"):
        fix = (
            f"give {found.source.dbt_name} a column of its hash (sha256({names[0]}) as "
            f"{names[0]}_sha256) and set train.split.group: [{names[0]}_sha256] in {spec.file}"
        )
    else:
        fix = f"leave the repeats out in the SQL of {found.source.dbt_name}"
    raise Leak(
        f"{len(codes):,} photo{'s' if len(codes) > 1 else ''} of {found.source.relation} "
        f"{'stand' if len(codes) > 1 else 'stands'} in {several.sum():,} rows, some of which may "
        f"be learnt from and some judged on: {named}; allowed: on one side",
        fix=f"{fix}, then: {found.source.build}",
        columns=names,
    )
