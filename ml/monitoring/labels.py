"""Labels that came later, held against those of the training set."""

from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from ml.columns import Source
from ml.monitoring.keeping import SCORING, Made, Window, keep_profiles, training_profiles
from ml.monitoring.performance import Performed, joined_sql, learnt_until
from ml.monitoring.reading import Watched, watched_column
from ml.monitoring.rows import look
from ml.monitoring.windows import Moved, against, keep_moved, replace_labels
from ml.spec import ModelSpec


def measure_labels(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    made: Made,
    training: Source,
    performed: Sequence[Performed],
) -> list[Moved]:
    """Measure how far the labels have moved in each window of ``performed``, and keep it.

    There is nothing to measure where the task has no label.
    """
    label = training.columns.get(spec.train.label) if spec.train.label else None
    column = watched_column(label) if label else None
    windows = dict.fromkeys(
        each.window for each in performed if each.kind == "realised" and each.rows
    )
    found: list[Moved] = []
    for window in windows if column else ():
        found += _measured(conn, spec, made, training, window, column)
    return found


def _measured(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    made: Made,
    training: Source,
    window: Window,
    column: Watched | None,
) -> list[Moved]:
    assert column is not None  # asked by the caller
    rows_sql = (
        f"({joined_sql(spec, training)}) as told "
        "where told.label is not null and told.as_of_date between ? and ?"
    )
    values = [made.version.version, learnt_until(conn, made.version), window.start, window.end]
    told = [("label", Watched(column.name, "told.label", column.type))]
    looked = list(look(conn, rows_sql, values, told, spec.train.key))
    reference = training_profiles(conn, made.version)
    moved = list(against(spec, looked, window, reference, "training"))
    replace_labels(conn, made, window)
    keep_profiles(conn, made, SCORING, [each.profiled(window) for each in looked])
    keep_moved(conn, made, moved)
    return moved
