"""Two versions of one model on the same rows: those that the newer one held out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
from duckdb import DuckDBPyConnection

from ml.data.checks import content_hash
from ml.data.dataset import TrainingSet, find_training_set, read
from ml.data.holdout import Parts, hold_out
from ml.declaration.tasks import LABELLED
from ml.errors import GoldloopError, PipelineError
from ml.evaluation.bootstrap import Interval, measure
from ml.evaluation.rival import Rival, ask
from ml.judgement_tables import COMPARISONS
from ml.spec import ModelSpec
from ml.versions.registry import ModelVersion
from ml.versions.reproduce import declared


@dataclass(frozen=True)
class Compared:
    """By how much ``newer`` is better than ``older``, metric by metric (negative when worse).

    ``values`` has each metric of the newer and of the older one, ``gains`` the difference with its
    interval. ``rows`` is None where they are what was recorded when each was judged, for the
    reason in ``note``; ``seen`` is the share of the rows the older one has learnt from, if known.
    """

    newer: ModelVersion
    older: ModelVersion
    values: Mapping[str, tuple[float | None, float | None]]
    gains: Mapping[str, Interval]
    rows: int | None = None
    seen: float | None = None
    note: str | None = None


def compare_versions(
    conn: DuckDBPyConnection, one: ModelVersion, other: ModelVersion, now: datetime
) -> Compared:
    """Ask both versions about the rows the newer one held out, in its training table of today.

    Where that cannot be done, what was recorded is the answer.
    """
    older, newer = sorted((one, other), key=lambda each: each.version)
    try:
        told = _asked(conn, newer, older, now)
    except GoldloopError as error:
        return _recorded(conn, newer, older, error.problem)
    (ours, theirs), note = told
    if ours.outcome is None or theirs.outcome is None:
        return _recorded(conn, newer, older, ours.reason or theirs.reason or "")
    first, second = measure([ours.outcome, theirs.outcome], newer.seed)
    return Compared(
        newer,
        older,
        {name: (first.values[name], second.values[name]) for name in first.values},
        {name: first.gain(second, name) for name in first.values},
        len(ours.outcome),
        theirs.share,
        note,
    )


def _asked(
    conn: DuckDBPyConnection, newer: ModelVersion, older: ModelVersion, now: datetime
) -> tuple[tuple[Rival, Rival], str | None]:
    spec = declared(newer)
    if newer.task not in LABELLED:
        raise PipelineError(
            f"versions of a {newer.task} are compared when they are trained",
            fix=f"type: goldloop models show {newer.name}",
        )
    found = find_training_set(conn, spec, {spec.train.on: newer.learnt_from}, now)
    if spec.train.split.by == "none":
        raise PipelineError(
            f"{newer.name} held nothing out", fix=f"declare train.split in {spec.file}"
        )
    hashed = content_hash(conn, found.source, [*found.source.columns.values()])
    same = hashed == newer.data_hash
    if not same and newer.test_from is None:
        raise PipelineError(
            f"{newer.train_relation} has changed since {newer.name} was trained, and which rows "
            "it held out is no longer known",
            fix=f"train it again: goldloop train {newer.model}",
        )
    held = partial(_held, conn, spec, newer, same)
    parts = held(found)
    note = f"{newer.train_relation} has changed; these are its rows from {newer.test_from} on"
    asked = [
        ask(conn, spec, found, parts, version, again=lambda wider: held(wider).held)
        for version in (newer, older)
    ]
    return (asked[0], asked[1]), None if same else note


def _held(
    conn: DuckDBPyConnection, spec: ModelSpec, newer: ModelVersion, same: bool, found: TrainingSet
) -> Parts:
    """Return the rows ``newer`` held out; of a table that has changed, those since that time."""
    rows = read(conn, found)
    if same or rows.times is None:
        return hold_out(spec, found, rows)
    since = rows.times >= np.datetime64(newer.test_from, "us").astype(np.int64)
    if not since.any():
        raise PipelineError(
            f"{newer.train_relation} has no row from {newer.test_from} on",
            fix=f"train it again: goldloop train {newer.model}",
        )
    early, late = np.flatnonzero(~since), np.flatnonzero(since)
    return Parts(rows.take(early), rows.take(late), newer.test_from)


def _recorded(
    conn: DuckDBPyConnection, newer: ModelVersion, older: ModelVersion, why: str
) -> Compared:
    """Return the metrics each was judged by, and the gain if the older one was champion then."""
    rows = conn.execute(
        f"select metric, difference, low, high from {COMPARISONS.sql} "
        "where model = ? and version = ? and against = ? and difference is not null",
        [newer.model, newer.version, older.name],
    ).fetchall()
    names = dict.fromkeys((*newer.metrics, *older.metrics))
    values = {name: (newer.metrics.get(name), older.metrics.get(name)) for name in names}
    note = f"as recorded when each was judged, on rows of its own: {why}"
    return Compared(
        newer, older, values, {name: Interval(*gain) for name, *gain in rows}, note=note
    )
