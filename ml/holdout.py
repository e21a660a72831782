"""The rows a version learns from and the rows it is judged on, checked to be fit for both."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from ml.dataset import Rows, TrainingSet
from ml.errors import PipelineError
from ml.spec import ModelSpec
from ml.split import split_at_random, split_by_time


@dataclass(frozen=True)
class Parts:
    """The rows learnt from, the rows held out, and the first time held out (None at random)."""

    learnt: Rows
    held: Rows
    test_from: datetime | None


def hold_out(spec: ModelSpec, found: TrainingSet, rows: Rows) -> Parts:
    """Split ``rows`` as ``spec`` declares.

    Raises PipelineError when a part is empty or has one class, or when a class is only held out.
    """
    learnt, held = _positions(spec, found, rows)
    test_from = None
    if rows.times is not None and spec.train.split.by == "time" and len(held):
        test_from = datetime(1970, 1, 1) + timedelta(microseconds=int(rows.times[held].min()))
    parts = Parts(_take(rows, learnt), _take(rows, held), test_from)
    if not len(held):
        raise PipelineError(
            f"nothing can be held out: {found.source.relation} has one value of "
            f"'{spec.train.time}' in all its {len(learnt):,} rows",
            fix=f"give it rows of more than one time, or set train.split.by: random in {spec.file}",
        )
    if found.classes:
        _check_classes(spec, found, parts)
    return parts


def _positions(
    spec: ModelSpec, found: TrainingSet, rows: Rows
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    split = spec.train.split
    if split.by == "time" and rows.times is not None:
        return split_by_time(rows.times, split.test)
    classes = rows.labels.astype(np.int64) if found.classes else None
    try:
        return split_at_random(found.rows, split.test, spec.estimator.seed, classes)
    except ValueError as error:
        raise PipelineError(
            f"the {found.rows:,} rows of {found.source.relation} cannot be split at random with "
            f"test: {split.test}: {error}",
            fix=f"more rows of each class are needed, or another train.split in {spec.file}",
        ) from None


def _take(rows: Rows, at: npt.NDArray[np.int64]) -> Rows:
    times = None if rows.times is None else rows.times[at]
    segments = None if rows.segments is None else rows.segments.take(at)
    return Rows(rows.features.take(at), rows.labels[at], times, segments)


def _check_classes(spec: ModelSpec, found: TrainingSet, parts: Parts) -> None:
    learnt, held = (set(np.unique(part.labels)) for part in (parts.learnt, parts.held))
    since = f" (from {parts.test_from})" if parts.test_from else ""
    fix = f"set another train.split in {spec.file}, or look at the rows of {found.source.dbt_name}"
    for name, classes, part in (
        ("learnt from", learnt, parts.learnt),
        (f"held out{since}", held, parts.held),
    ):
        if len(classes) == 1:
            only = found.classes[int(classes.pop())]
            raise PipelineError(
                f"label '{found.label.name}' is '{only}' in all {len(part.labels):,} rows {name}; "
                "two classes or more are needed",
                fix=fix,
            )
    unknown = [found.classes[int(code)] for code in sorted(held - learnt)]
    if unknown:
        raise PipelineError(
            f"no row learnt from has '{found.label.name}' as {', '.join(unknown)}, which occurs "
            f"only in the rows held out{since}",
            fix=fix,
        )
