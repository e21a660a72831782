"""Where questions of SQL arrive: each is answered by a module of its own, on a second connection.

scikit-learn takes seconds to load, and dbt makes a plugin whatever it is asked to do: so what
answers is imported when it is asked.
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.errors import GoldloopError
from ml.relation import quote

Asked = Mapping[str, Any]
Answer = Callable[[DuckDBPyConnection, Asked], Mapping[str, Any]]


class Desk:
    """Answers the questions of one database, of whatever thread of dbt."""

    def __init__(self, conn: DuckDBPyConnection) -> None:
        self._conn = conn
        # One training at a time: each makes the registry's tables where they are absent.
        self._training = threading.Lock()
        self._tellers: dict[str, Any] = {}
        self._loading = threading.Lock()

    def answer(self, question: str) -> str:
        """Return the answer to ``question``, JSON both; what a person can act on as ``error``."""
        asked = json.loads(question)
        try:
            return json.dumps(self._answered(asked), default=str)
        except GoldloopError as error:
            return json.dumps({"error": str(error)})

    def rows(self, question: str) -> str:
        """Return the rows that answer ``question``; an error ends the statement."""
        return json.dumps(self._answered(json.loads(question))["rows"], default=str)

    def tell(self, key: pa.ChunkedArray, *read: pa.ChunkedArray) -> pa.Array:
        """Return what the version of ``key`` tells of each row of what it has ``read``."""
        return self._told(key, read, "tell")

    def explain(self, key: pa.ChunkedArray, *features: pa.ChunkedArray) -> pa.Array:
        """Return the same with what made it, the largest effects first."""
        return self._told(key, features, "explain")

    def _told(self, key: pa.ChunkedArray, read: tuple[pa.ChunkedArray, ...], what: str) -> pa.Array:
        batch = pa.RecordBatch.from_arrays(
            [each.combine_chunks() for each in read], [f"c{at}" for at in range(len(read))]
        )
        told: pa.Array = getattr(self._teller(key[0].as_py()), what)(batch)
        return told

    def _teller(self, key: str) -> Any:
        """Return what tells for ``key``; a version is loaded once."""
        with self._loading:
            if key not in self._tellers:
                asked = json.loads(key)
                with self._cursor(asked["database"]) as cursor:
                    self._tellers[key] = _teller_of(asked["by"]).load(cursor, asked)
            return self._tellers[key]

    def _answered(self, asked: Asked) -> Mapping[str, Any]:
        with self._cursor(asked["database"]) as cursor:
            if asked["ask"] in ("declare", "train"):
                with self._training:
                    return _answers(asked["ask"])(cursor, asked)
            return _answers(asked["ask"])(cursor, asked)

    def _cursor(self, database: str) -> DuckDBPyConnection:
        """Return a connection of its own, in UTC and at home in ``database``."""
        cursor = self._conn.cursor()
        cursor.execute(f"use {quote(database)}")
        cursor.execute("set TimeZone = 'UTC'")
        return cursor


def _answers(what: str) -> Answer:
    if what in ("declare", "train"):
        from orchestration.dbt_plugin import training

        return {"declare": training.declare, "train": training.train_node}[what]
    from orchestration.dbt_plugin import asking

    return asking.ANSWERS[what]


def _teller_of(what: str) -> Any:
    if what == "forecast":
        from orchestration.dbt_plugin.forecasting import Forecaster

        return Forecaster
    if what == "recommend":
        from orchestration.dbt_plugin.recommending import Recommending

        return Recommending
    from orchestration.dbt_plugin.telling import Teller

    return Teller
