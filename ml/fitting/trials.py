"""The trials of a search, kept in ``ml.trials``."""

import json
from collections.abc import Sequence

from duckdb import DuckDBPyConnection

from ml.fitting.tuning import Trial
from ml.tables import TRIALS


def keep_trials(
    conn: DuckDBPyConnection, model: str, version: int, trials: Sequence[Trial]
) -> None:
    """Keep ``trials``, by which the parameters of ``version`` of ``model`` were found."""
    rows = [
        (model, version, each.trial, each.rung, json.dumps(each.params, ensure_ascii=False))
        + (each.rows, each.metric, each.value, each.seconds)
        for each in trials
    ]
    if rows:
        conn.executemany(f"insert into {TRIALS.sql} values (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
