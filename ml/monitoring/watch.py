"""Watching a model once it has scored: drift, skew, performance, and what cannot be measured."""

from collections.abc import Iterator, Mapping
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
from ml.monitoring.performance import Performed, measure_performance
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
    """What was measured after one scoring; ``notes`` say what could not be, and what to do."""

    version: ModelVersion | None = None
    moved: list[Moved] = field(default_factory=list)
    performed: list[Performed] = field(default_factory=list)
    labels: list[Moved] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def drift_alarms(self) -> list[Moved]:
        """The alarms of the latest window, and of the labels that have come since the last run."""
        last = max((each.window.end for each in self.moved if each.window.end), default=None)
        moved = [each for each in self.moved if each.alarms and each.window.end == last]
        return moved + [each for each in self.labels if each.alarms]

    @property
    def performance_alarms(self) -> list[Performed]:
        """The alarms of the latest window."""
        last = max((each.window.end for each in self.performed if each.window.end), default=None)
        return [each for each in self.performed if each.is_alarm and each.window.end == last]


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
        found.notes.append(f"{spec.name} has no champion: goldloop train {spec.name}")
        return found
    with transaction(conn):
        create_tables(conn)
    made = Made(found.version, run_id, utc(now))
    scored = _source(conn, relations, spec.score.on, "score.on", spec, found.notes)
    training = _source(conn, relations, spec.train.on, "train.on", spec, found.notes)
    if scored is not None:
        _note_columns(spec, found, scored)
        if training is not None:
            _note_reference(conn, spec, made, training, found.notes)
        with _noted(conn, f"drift of {spec.name}", found.notes):
            found.moved = measure_windows(conn, spec, made, scored)
            _note_no_rows(found, scored)
    if scored is not None and training is not None and found.moved:
        with _noted(conn, f"skew of {spec.name}", found.notes):
            last = found.moved[-1].window
            found.moved += measure_skew(conn, spec, made, scored, training, last)
    if training is not None:
        with _noted(conn, f"performance of {spec.name}", found.notes):
            found.performed = measure_performance(conn, spec, made, training)
            found.labels = measure_labels(conn, spec, made, training, found.performed)
    return found


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
        found.notes.append(
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
            found.notes.append(
                f"monitor.columns names '{name}', which is no feature of {found.version.name}; it "
                f"has: {listed(name, names)}; fix {spec.file}"
            )
    for name in spec.monitor.segments:
        if name not in scored.columns:
            found.notes.append(
                f"monitor.segments names '{name}', which is not a column of {scored.relation}; it "
                f"has: {listed(name, scored.columns)}; fix {spec.file}"
            )
    for feature in features:
        if feature.sql is None and feature.name not in scored.columns:
            found.notes.append(
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
