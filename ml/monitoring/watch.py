"""Watching a model once it has scored: drift, skew, performance, and what cannot be measured."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
from duckdb import DuckDBPyConnection

from ml.columns import Source, find
from ml.data.checks import utc
from ml.data.features import Encoder
from ml.errors import GoldloopError
from ml.monitoring.keeping import Made, training_profiles
from ml.monitoring.labels import measure_labels
from ml.monitoring.matching import labelled_windows
from ml.monitoring.performance import Performed, measure_performance
from ml.monitoring.standing import standing_performance
from ml.monitoring.training import keep_if_same
from ml.monitoring.windows import Moved, measure_skew, measure_windows
from ml.names import listed
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.tables import create_tables
from ml.transaction import transaction
from ml.versions import registry
from ml.versions.registry import ModelVersion


@dataclass
class Watched:
    """What was measured after one scoring, and the performance alarms that stand.

    ``moved`` and ``labels`` are of all windows there are, ``performed`` of those that have changed.
    ``drift_notes`` and ``performance_notes`` say what could not be measured, and what to do.
    """

    version: ModelVersion | None = None
    moved: list[Moved] = field(default_factory=list)
    performed: list[Performed] = field(default_factory=list)
    labels: list[Moved] = field(default_factory=list)
    performance_alarms: list[Performed] = field(default_factory=list)
    drift_notes: list[str] = field(default_factory=list)
    performance_notes: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """All notes, each once."""
        return [*dict.fromkeys([*self.drift_notes, *self.performance_notes])]

    @property
    def drift_alarms(self) -> list[Moved]:
        """The alarms of the latest window, and of the latest one that has labels."""
        return [*_latest(self.moved), *_latest(self.labels)]


def _latest(moved: Sequence[Moved]) -> list[Moved]:
    last = max((each.window.end for each in moved if each.window.end), default=None)
    return [each for each in moved if each.alarms and each.window.end == last]


def watch(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    run_id: str,
    *,
    now: datetime,
) -> Watched:
    """Measure what the champion of ``spec`` has scored, and keep it in the warehouse.

    What cannot be measured fails nothing: it is in the notes, and the rest goes on.
    """
    found = Watched(registry.champion(conn, spec.name))
    if found.version is None:
        for notes in (found.drift_notes, found.performance_notes):
            notes.append(f"{spec.name} has no champion: goldloop train {spec.name}")
        return found
    with transaction(conn):
        create_tables(conn)
    made = Made(found.version, run_id, utc(now))
    scored = _source(conn, relations, spec.score.on, "score.on", spec, found.drift_notes)
    training = _source(conn, relations, spec.train.on, "train.on", spec, found.drift_notes)
    if scored is not None:
        _note_columns(spec, found, scored)
        if training is not None:
            _note_reference(conn, spec, made, training, found.drift_notes)
        with _noted(conn, f"drift of {spec.name}", found.drift_notes):
            found.moved = measure_windows(conn, spec, made, scored, training)
            _note_no_rows(found, scored)
    if scored is not None and training is not None and found.moved:
        with _noted(conn, f"skew of {spec.name}", found.drift_notes):
            last = found.moved[-1].window
            found.moved += measure_skew(conn, spec, made, scored, training, last)
    _watch_performance(conn, spec, relations, made, found)
    return found


def _watch_performance(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    made: Made,
    found: Watched,
) -> None:
    """Measure how good predictions were and how far labels have moved; read the alarms left."""
    notes = found.performance_notes
    training = _source(conn, relations, spec.train.on, "train.on", spec, notes)
    if training is not None:
        with _noted(conn, f"performance of {spec.name}", notes):
            found.performed = measure_performance(conn, spec, made, training)
        with _noted(conn, f"drift of the labels of {spec.name}", found.drift_notes):
            windows = labelled_windows(conn, spec, made.version, training)
            found.labels = measure_labels(conn, spec, made, training, windows)
    found.performance_alarms = standing_performance(conn, made.version)


@contextmanager
def _noted(conn: DuckDBPyConnection, what: str, notes: list[str]) -> Iterator[None]:
    """Keep what the block writes, or if it fails nothing of it, and note why."""
    try:
        with transaction(conn):
            yield
    except (GoldloopError, duckdb.Error) as error:
        notes.append(f"{what} could not be measured: {str(error).splitlines()[0]}")


def _source(
    conn: DuckDBPyConnection,
    relations: Mapping[str, Relation],
    name: str,
    key: str,
    spec: ModelSpec,
    notes: list[str],
) -> Source | None:
    try:
        return find(conn, relations, name, key, spec.file)
    except GoldloopError as error:
        notes.append(str(error))
        return None


def _note_no_rows(found: Watched, scored: Source) -> None:
    if not found.moved:
        found.drift_notes.append(
            f"{scored.relation} has no rows: nothing was compared; look at its SQL, then: "
            f"{scored.build}"
        )


def _note_columns(spec: ModelSpec, found: Watched, scored: Source) -> None:
    """Note each feature and segment that is watched and not there any more."""
    if found.version is None:
        return
    features = Encoder.from_json(found.version.features).features
    names = [each.name for each in features]
    for name in spec.monitor.columns:
        if name not in names:
            found.drift_notes.append(
                f"monitor.columns names '{name}', which is no feature of {found.version.name}; it "
                f"has: {listed(name, names)}; fix {spec.file}"
            )
    for name in spec.monitor.segments:
        if name not in scored.columns:
            found.drift_notes.append(
                f"monitor.segments names '{name}', which is not a column of {scored.relation}; it "
                f"has: {listed(name, scored.columns)}; fix {spec.file}"
            )
    for feature in features:
        if feature.sql is None and feature.name not in scored.columns:
            found.drift_notes.append(
                f"feature '{feature.name}' of {found.version.name} is not a column of "
                f"{scored.relation} any more; add it to its SQL, or train anew: "
                f"goldloop train {spec.name}"
            )


def _note_reference(
    conn: DuckDBPyConnection, spec: ModelSpec, made: Made, training: Source, notes: list[str]
) -> None:
    """Make up for a reference that is missing if the training set is what it was; else note it."""
    if training_profiles(conn, made.version):
        return
    with _noted(conn, f"the training set of {made.version.name}", notes):
        if not keep_if_same(conn, spec, made, training):
            notes.append(
                f"{made.version.name} was trained before its training set was kept to compare "
                f"with, and {training.relation} is another now: only windows are compared with "
                f"one another; for the rest: goldloop train {spec.name}"
            )
