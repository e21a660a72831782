"""Labels that came later, held against those of the training set and of the window before."""

from duckdb import DuckDBPyConnection

from ml.columns import Source
from ml.monitoring.keeping import (
    SCORING,
    Made,
    Window,
    keep_profiles,
    profiles_before,
    training_profiles,
)
from ml.monitoring.learnt import learnt_until
from ml.monitoring.matching import Told, joined_sql
from ml.monitoring.reading import Watched, watched_column
from ml.monitoring.rows import Looked, Part, look
from ml.monitoring.training import parts_of
from ml.monitoring.windows import Moved, against, keep_moved, replace_labels
from ml.spec import ModelSpec


def measure_labels(
    conn: DuckDBPyConnection, spec: ModelSpec, made: Made, training: Source, windows: list[Told]
) -> list[Moved]:
    """Measure how far the labels have moved in each of ``windows`` that has any, and keep it.

    There is nothing to measure where the task has no label.
    """
    label = training.columns.get(spec.train.label) if spec.train.label else None
    column = watched_column(label) if label else None
    found: list[Moved] = []
    for told in windows:
        if column and told.labelled:
            looked = _look(conn, spec, made, training, told.window, column)
            found += _measured(conn, spec, made, told.window, looked)
    return found


def _look(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    made: Made,
    training: Source,
    window: Window,
    column: Watched,
) -> list[Looked]:
    parts = parts_of(spec.monitor.segments, training)
    rows_sql = (
        f"({joined_sql(spec, training, parts)}) as told "
        "where told.label is not null and told.as_of_date between ? and ?"
    )
    values = [made.version.version, learnt_until(conn, made.version), window.start, window.end]
    told = [("label", Watched(column.name, "told.label", column.type))]
    named = [Part(each.name, f"told.goldloop_part_{at}") for at, each in enumerate(parts)]
    return list(look(conn, rows_sql, values, told, spec.train.key, named))


def _measured(
    conn: DuckDBPyConnection, spec: ModelSpec, made: Made, window: Window, looked: list[Looked]
) -> list[Moved]:
    apart = spec.monitor.window != "run"
    before = profiles_before(conn, spec.name, window, apart=apart, labels=True)
    moved = [*against(spec, looked, window, training_profiles(conn, made.version), "training")]
    moved += against(spec, looked, window, before, "before") if before else ()
    replace_labels(conn, spec, made, window)
    keep_profiles(conn, made, SCORING, [each.profiled(window) for each in looked])
    keep_moved(conn, made, moved)
    return moved
