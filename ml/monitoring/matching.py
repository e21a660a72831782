"""Predictions matched to the labels that came later, window by window.

Only rows count that are later than all the version had to learn from. A label is the training set's
for the same key and date; of made-up rows it is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from ml.columns import Source
from ml.monitoring.keeping import Window
from ml.monitoring.learnt import learnt_until, real_sql
from ml.monitoring.rows import Part
from ml.relation import Relation, quote
from ml.spec import ModelSpec
from ml.tables import PREDICTIONS_SCHEMA
from ml.versions.registry import ModelVersion

MOST_WINDOWS = 10


@dataclass(frozen=True)
class Told:
    """The predictions of one window: how many, and of how many the label is there."""

    window: Window
    predictions: int
    labelled: int
    labels_hash: str


def labelled_windows(
    conn: DuckDBPyConnection, spec: ModelSpec, version: ModelVersion, training: Source
) -> list[Told]:
    """Return the windows of what ``version`` told of rows later than all it learnt from.

    None where labels cannot be matched to predictions.
    """
    return [] if unlabelled(conn, spec, version) else windows_told(conn, spec, version, training)


def windows_told(
    conn: DuckDBPyConnection, spec: ModelSpec, version: ModelVersion, training: Source
) -> list[Told]:
    """Return the windows of what ``version`` told, the latest last."""
    rows = conn.execute(
        "select min(as_of_date), max(as_of_date), count(*), count(label), "
        "cast(count(*) as varchar) || '-' || cast(sum(cast(goldloop_mark as hugeint)) as varchar) "
        f"from ({joined_sql(spec, training)}) group by goldloop_period "
        f"order by goldloop_period desc limit {MOST_WINDOWS}",
        [version.version, learnt_until(conn, version)],
    ).fetchall()
    return [Told(Window(start, end), *rest) for start, end, *rest in reversed(rows)]


def unlabelled(conn: DuckDBPyConnection, spec: ModelSpec, version: ModelVersion) -> str | None:
    """Return why labels cannot be matched to predictions, None where they can."""
    if not spec.train.label or version.task not in ("classification", "regression"):
        return f"a {version.task} has no label that comes later"
    if spec.train.time is None:
        return "train.time is missing: no label can be found by the date of its prediction"
    if set(spec.train.key) != set(spec.score.key):
        return "train.key and score.key differ: no label can be found by the key of its prediction"
    if learnt_until(conn, version) is None:
        return "nothing was kept of the training set: which predictions are later is not known"
    return None


def joined_sql(spec: ModelSpec, training: Source, parts: Sequence[Part] = ()) -> str:
    """Return the query of predictions with their labels; the version and a date are its values.

    Each of ``parts`` is in it as ``goldloop_part_0``, ``goldloop_part_1`` …, and the window of a
    row as ``goldloop_period``.
    """
    keys = [quote(name) for name in spec.train.key]
    moment = training.time(str(spec.train.time), "train.time", spec.file).time_sql
    named = {"label": quote(str(spec.train.label))}
    named |= {f"goldloop_part_{at}": each.sql for at, each in enumerate(parts)}
    read = [f"arg_max({sql}, {moment}) as {name}" for name, sql in named.items()]
    labels = (
        f"select {', '.join(keys)}, cast({moment} as date) as goldloop_day, {', '.join(read)} "
        f"from {training.relation.sql} where {real_sql(spec, training)} group by all"
    )
    same = [f"told.{key} = truth.{key}" for key in keys] + ["told.as_of_date = goldloop_day"]
    period = spec.monitor.window
    by = "1" if period == "run" else f"date_trunc('{period}', told.as_of_date)"
    told = [f"told.{each}" for each in (*keys, "as_of_date", "prediction", "score")]
    marked = f"hash({', '.join([*told, 'truth.label'])})"
    truth = [f"truth.{name}" for name in named]
    return (
        f"select {', '.join([*told, *truth])}, {by} as goldloop_period, {marked} as goldloop_mark "
        f"from {Relation(PREDICTIONS_SCHEMA, spec.name).sql} as told "
        f"left join ({labels}) as truth on {' and '.join(same)} "
        "where told.model_version = ? and told.as_of_date > ?"
    )
