"""What is kept of a training set with its version, so that later rows can be held against it."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column, Source
from ml.data.checks import content_hash
from ml.evaluation.metrics import Array, Codes
from ml.model import Model
from ml.monitoring.keeping import (
    TRAINING,
    Made,
    Place,
    Profiled,
    Window,
    keep_profiles,
    training_profiles,
)
from ml.monitoring.learnt import real_sql
from ml.monitoring.profile import AtHand, CountedText, SortedNumbers
from ml.monitoring.reading import Type, watched_column
from ml.monitoring.rows import Part, features_of, look
from ml.spec import ModelSpec


def keep_training(conn: DuckDBPyConnection, spec: ModelSpec, made: Made, source: Source) -> None:
    """Keep the profile of each feature, and of the label, of the training set in ``source``.

    Every row counts, those held out too, but none that was made up. Segments that it has no column
    for are left out.
    """
    columns = [("feature", each) for each in features_of(spec, made.version, source)]
    label = source.columns.get(spec.train.label) if spec.train.label else None
    watched = watched_column(label) if label else None
    if watched is not None:
        columns.append(("label", watched))
    parts = parts_of(spec.monitor.segments, source)
    window = _window(conn, spec, source)
    rows_sql = f"{source.relation.sql} where {real_sql(spec, source)}"
    found = look(conn, rows_sql, (), columns, spec.train.key, parts)
    keep_profiles(conn, made, TRAINING, [each.profiled(window) for each in found])


def keep_told(conn: DuckDBPyConnection, made: Made, model: Model, told: Array) -> None:
    """Keep the profile of what ``model`` ``told`` of the rows held out, as predictions have it.

    ``told`` are probabilities [rows, classes], or numbers [rows].
    """
    columns: list[tuple[str, Type, AtHand]] = []
    if told.ndim == 1:
        columns.append(("prediction", "number", SortedNumbers.of(told)))
    else:
        decided = model.decide(told)
        columns.append(("prediction", *_classes(model, made, decided)))
        score = told[:, 1] if told.shape[1] == 2 else told[np.arange(len(told)), decided]
        columns.append(("score", "number", SortedNumbers.of(score)))
    window = Window(None, None)
    # A row held out counts as much as one of the whole training set, which is kept by now.
    shares = [each.share for each in training_profiles(conn, made.version).values()]
    many = (len(told), max(round(len(told) * min(shares, default=1.0)), 1))
    found = [Profiled(Place(name, name), type_, window, *many, values.profile)
             for name, type_, values in columns]  # fmt: skip
    keep_profiles(conn, made, TRAINING, found)


def _classes(model: Model, made: Made, decided: Codes) -> tuple[Type, AtHand]:
    """Return the classes told as the column of predictions has them: typed as the label."""
    label = Column(made.version.label or "", made.version.label_type or "")
    if label.kind == "text":
        return "category", CountedText.of(pa.array(model.classes).take(pa.array(decided)))
    numbers = {"true": 1.0, "false": 0.0}
    known = [numbers[each] if each in numbers else float(each) for each in model.classes]
    return "number", SortedNumbers.of(np.array(known)[decided])


def keep_if_same(conn: DuckDBPyConnection, spec: ModelSpec, made: Made, source: Source) -> bool:
    """Keep the profiles of a version from before they were kept, if its training set is the same.

    Returns whether it is.
    """
    same = content_hash(conn, source, list(source.columns.values())) == made.version.data_hash
    if same:
        keep_training(conn, spec, made, source)
    return same


def parts_of(names: Sequence[str], source: Source) -> list[Part]:
    """Return the segments of ``names`` that ``source`` has a column for."""
    return [Part(name, source.columns[name].sql) for name in names if name in source.columns]


def _window(conn: DuckDBPyConnection, spec: ModelSpec, source: Source) -> Window:
    if spec.train.time is None:
        return Window(None, None)
    time = source.time(spec.train.time, "train.time", spec.file)
    day = f"cast({time.time_sql} as date)"
    row = conn.execute(
        f"select min({day}), max({day}) from {source.relation.sql} where {real_sql(spec, source)}"
    ).fetchone()
    return Window(*(row or (None, None)))
