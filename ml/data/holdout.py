"""The rows a version learns from and the rows it is judged on, checked to be fit for both."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ml.data.dataset import Rows, TrainingSet
from ml.data.made_up import with_made_up
from ml.data.split import DAY, Positions, split_at_random, split_by_group, split_by_time
from ml.errors import PipelineError
from ml.spec import ModelSpec


@dataclass(frozen=True)
class Parts:
    """The rows learnt from, the rows held out, and the first time held out (None but by time).

    Without a split nothing is held out; then the version is judged out of fold.
    """

    learnt: Rows
    held: Rows
    test_from: datetime | None


def hold_out(spec: ModelSpec, found: TrainingSet, rows: Rows) -> Parts:
    """Split ``rows`` as ``spec`` declares.

    Raises PipelineError when a part is empty or has one class, or when a class is not learnt.
    """
    learnt, held = _split(spec, found, rows)
    test_from = None
    if rows.times is not None and spec.train.split.by == "time" and len(held):
        test_from = datetime(1970, 1, 1) + timedelta(microseconds=int(rows.times[held].min()))
    parts = Parts(rows.take(learnt), rows.take(held), test_from)
    if spec.train.split.by != "none":
        _check_parts(spec, found, parts)
    if found.classes and spec.task == "classification":
        _check_classes(spec, found, parts)
    return parts


def _split(spec: ModelSpec, found: TrainingSet, rows: Rows) -> tuple[Positions, Positions]:
    """Split the real rows; those made up are learnt from, unless they lie too late."""
    if rows.made_up is None:
        return _positions(spec, found, rows)
    real, made_up = np.flatnonzero(~rows.made_up), np.flatnonzero(rows.made_up)
    if not len(real):
        raise PipelineError(
            f"every row of {found.source.relation} is made up ('{spec.train.synthetic}'); real "
            "ones have to judge",
            fix=f"add real rows in the SQL of {found.source.dbt_name}, then: {found.source.build}",
        )
    learnt, held = _positions(spec, found, rows.take(real))
    if spec.train.split.by == "time" and rows.times is not None and len(held):
        cut = rows.times[real[held]].min() - spec.train.split.embargo_days * DAY
        made_up = made_up[rows.times[made_up] < cut]
    return with_made_up(made_up, real, learnt, held)


def _positions(spec: ModelSpec, found: TrainingSet, rows: Rows) -> tuple[Positions, Positions]:
    split, seed = spec.train.split, spec.estimator.seed
    if split.by == "time" and rows.times is not None:
        return split_by_time(rows.times, split.test, split.embargo_days * DAY)
    if split.by == "none":
        return np.arange(len(rows.labels)), np.empty(0, dtype=np.int64)
    if split.by == "column" and rows.marks is not None:
        return np.flatnonzero(~rows.marks), np.flatnonzero(rows.marks)
    classes = rows.labels.astype(np.int64) if found.classes else None
    try:
        if rows.groups is not None:
            return split_by_group(rows.groups, split.test, seed, classes)
        return split_at_random(len(rows.labels), split.test, seed, classes)
    except ValueError as error:
        raise PipelineError(
            f"the {len(rows.labels):,} rows of {found.source.relation} cannot be split at random "
            f"with test: {split.test}: {error}",
            fix=f"more rows of each class are needed, or another train.split in {spec.file}",
        ) from None


def _check_parts(spec: ModelSpec, found: TrainingSet, parts: Parts) -> None:
    """Refuse a split that leaves nothing to learn from or nothing to judge on."""
    split, relation = spec.train.split, found.source.relation
    learnt, held = len(parts.learnt.labels), len(parts.held.labels)
    if split.by == "column" and not (learnt and held):
        part = "learnt from" if held else "held out"
        raise PipelineError(
            f"'{split.column}' of {relation} leaves nothing to be {part} of its {found.rows:,} "
            "rows; both true and false, or test and train, are needed",
            fix=f"look at the SQL of {found.source.dbt_name}, then: {found.source.build}",
        )
    if not held:
        raise PipelineError(
            f"nothing can be held out: {relation} has one value of "
            f"'{spec.train.time}' in all its {learnt:,} rows",
            fix=f"give it rows of more than one time, or set train.split.by: random in {spec.file}",
        )
    if not learnt:
        raise PipelineError(
            f"nothing can be learnt from: no row of {relation} is {split.embargo_days} days or "
            f"more (train.split.embargo_days) before {parts.test_from}, the first time held out",
            fix=f"give it earlier rows, or fewer embargo_days or a smaller test in {spec.file}",
        )


def _check_classes(spec: ModelSpec, found: TrainingSet, parts: Parts) -> None:
    # Codes are counted, which is faster than to sort them.
    learnt, held = (
        set(np.flatnonzero(np.bincount(part.labels)).tolist())
        for part in (parts.learnt, parts.held)
    )
    since = f" (from {parts.test_from})" if parts.test_from else ""
    fix = f"set another train.split in {spec.file}, or look at the rows of {found.source.dbt_name}"
    for name, classes, part in (
        ("learnt from", learnt, parts.learnt),
        (f"held out{since}", held, parts.held),
    ):
        if len(classes) == 1:
            only = found.classes[classes.pop()]
            raise PipelineError(
                f"label '{found.label_name}' is '{only}' in all {len(part.labels):,} rows {name}; "
                "two classes or more are needed",
                fix=fix,
            )
    unknown = [name for code, name in enumerate(found.classes) if code not in learnt]
    if unknown:
        raise PipelineError(
            f"no row learnt from has '{found.label_name}' as {', '.join(unknown)}, which occurs "
            f"only in the rows held out{since} or left out before them",
            fix=fix,
        )
