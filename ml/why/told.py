"""One prediction with all that made it: the version, the values of the features, the scoring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Source, describe
from ml.data.features import Feature
from ml.data.transform import feature_column
from ml.declaration.trust import Trust
from ml.errors import PipelineError, UsageError
from ml.model import Model
from ml.relation import Relation, quote
from ml.scoring.scorings import Scoring, find_scoring
from ml.spec import ModelSpec
from ml.tables import PREDICTIONS_SCHEMA, exists
from ml.versions import registry
from ml.versions.registry import ModelVersion

Key = Mapping[str, str]


@dataclass(frozen=True)
class Told:
    """A prediction, the version that told it, the scored row (None where it is gone).

    ``row`` has one row of the scored table, ``conn`` is the warehouse all of it stands in.
    """

    as_of_date: date
    prediction: Any
    score: float | None
    run_id: str
    scored_at: datetime
    version: ModelVersion
    scoring: Scoring | None
    source: Source
    row: Mapping[str, Any] | None
    conn: DuckDBPyConnection
    trusted: Trust

    def model(self) -> Model:
        """Return the version ready to tell."""
        return registry.load(self.conn, self.version, self.trusted)

    def inputs(self, features: Sequence[Feature]) -> pa.Table:
        """Return the row as ``features`` read it, a column each.

        A feature that the table does not have, or has as another kind, is null.
        """
        asked = [f"{self._expression(feature)} as c{at}" for at, feature in enumerate(features)]
        where, values = _where(self.source, self.row or {})
        sql = f"select {', '.join(asked)} from {self.source.relation.sql} where {where}"
        return self.conn.execute(sql, values).to_arrow_table()

    def has(self, feature: Feature) -> bool:
        """Whether the scored table has what ``feature`` reads."""
        if feature.sql is not None:
            wanted = dict(feature.reads)
            return all(
                name in self.source.columns and self.source.columns[name].type == type_
                for name, type_ in wanted.items()
            )
        found = self.source.columns.get(feature.name)
        return found is not None and found.kind == feature.column.kind

    def _expression(self, feature: Feature) -> str:
        if self.has(feature):
            return feature_column(feature, self.source.columns).feature_sql
        return "cast(null as varchar)" if feature.column.kind == "text" else "cast(null as double)"


def run_of(conn: DuckDBPyConnection, spec: ModelSpec, key: Key) -> str | None:
    """Return the run that last told of ``key``; None where none did."""
    found = _predictions(conn, spec, key, None)
    return str(found[0]["run_id"]) if found else None


def find_told(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relation: Relation,
    key: Key,
    *,
    on: date | None = None,
    before: date | None = None,
    not_by: str | None = None,
) -> Told | None:
    """Return the newest prediction of ``key``, the champion's first, with what made it.

    ``on`` asks for one date, ``before`` for an earlier one; a run ``not_by`` comes last.
    Raises PipelineError where the scored table is not there.
    """
    found = _predictions(conn, spec, key, not_by)
    found = [each for each in found if on is None or each["as_of_date"] == on]
    found = [each for each in found if before is None or each["as_of_date"] < before]
    if not found:
        return None
    newest = found[0]
    number = newest["model_version"]
    version = next(v for v in registry.versions(conn, spec.name) if v.version == number)
    source = _source(conn, spec, relation)
    return Told(
        newest["as_of_date"],
        newest["prediction"],
        newest["score"],
        newest["run_id"],
        newest["scored_at"],
        version,
        find_scoring(conn, spec.name, number, newest["run_id"]),
        source,
        _row(conn, spec, source, key, newest["as_of_date"]),
        conn,
        spec.trusted,
    )


def _predictions(
    conn: DuckDBPyConnection, spec: ModelSpec, key: Key, not_by: str | None
) -> list[dict[str, Any]]:
    relation = Relation(PREDICTIONS_SCHEMA, spec.name)
    if not exists(conn, relation):
        return []
    same = " and ".join(f"cast({quote(name)} as varchar) = ?" for name in key)
    champion = registry.champion(conn, spec.name)
    result = conn.execute(
        f"select * from {relation.sql} where {same} "
        "order by run_id is not distinct from ?, as_of_date desc, model_version = ? desc, "
        "scored_at desc, model_version desc",
        [*key.values(), not_by, champion.version if champion else 0],
    )
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _source(conn: DuckDBPyConnection, spec: ModelSpec, relation: Relation) -> Source:
    try:
        return Source(spec.score.on, relation, describe(conn, relation))
    except duckdb.CatalogException as error:
        raise PipelineError(
            f"{relation}, which score.on of {spec.file} names, is not in the release "
            f"({str(error).splitlines()[0]})",
            fix="type: goldloop run",
        ) from None


def _row(
    conn: DuckDBPyConnection, spec: ModelSpec, source: Source, key: Key, day: date
) -> Mapping[str, Any] | None:
    """Return what finds the scored row again: its key and date, if it is there."""
    named: dict[str, Any] = dict(key)
    time = source.columns.get(spec.score.time)
    if time is None or any(name not in source.columns for name in key):
        return None
    named[time.name] = day
    where, values = _where(source, named)
    sql = f"select 1 from {source.relation.sql} where {where} limit 1"
    return named if conn.execute(sql, values).fetchone() else None


def _where(source: Source, named: Mapping[str, Any]) -> tuple[str, list[Any]]:
    parts = [
        f"cast({source.columns[name].time_sql} as date) = ?"
        if isinstance(value, date)
        else f"cast({quote(name)} as varchar) = ?"
        for name, value in named.items()
    ]
    return " and ".join(parts) or "false", list(named.values())


def check_key(spec: ModelSpec, key: Key) -> None:
    """Raise UsageError where ``key`` does not name the columns of ``score.key``."""
    if set(key) != set(spec.score.key):
        raise UsageError(
            f"the key of ML model '{spec.name}' is {', '.join(spec.score.key)}; met: "
            f"{', '.join(key) or 'nothing'}",
            fix=" ".join(
                ["type: goldloop models why", spec.name]
                + [f"--key {name}=…" for name in spec.score.key]
            ),
        )
