"""The rows that are watched: of the training set, of a window as scored, of what was told of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from ml.columns import Source, describe
from ml.data.features import Encoder
from ml.data.transform import feature_column
from ml.monitoring.keeping import Place, Profiled, Window
from ml.monitoring.profile import AtHand
from ml.monitoring.reading import Watched, at_hand, read, watched_column, watched_feature
from ml.relation import Relation, quote
from ml.spec import ModelSpec
from ml.tables import FEATURE_COLUMNS, FEATURES_HASH, PREDICTION_COLUMNS, PREDICTIONS_SCHEMA
from ml.tables import is_reason as is_reason_column
from ml.versions.registry import ModelVersion

# Of a segment's column the most frequent values are told apart.
MOST_SEGMENTS = 20
_OURS = {*PREDICTION_COLUMNS, *FEATURE_COLUMNS, FEATURES_HASH} - {"prediction", "score"}


@dataclass(frozen=True)
class Part:
    """A column by whose values all is measured apart, and the SQL that gives it."""

    name: str
    sql: str


@dataclass(frozen=True)
class Looked:
    """One place as the rows show it: how many these are, of how many keys, the values at hand."""

    place: Place
    type: str
    rows: int
    keys: int
    values: AtHand

    def profiled(self, window: Window) -> Profiled:
        """Return what is kept of it as of ``window``."""
        return Profiled(self.place, self.type, window, self.rows, self.keys, self.values.profile)


def features_of(spec: ModelSpec, version: ModelVersion, source: Source) -> list[Watched]:
    """Return the features of ``version`` that are watched and that ``source`` has."""
    wanted = set(spec.monitor.columns)
    found = []
    for feature in Encoder.from_json(version.features).features:
        there = feature.sql is not None or feature.name in source.columns
        if not there or (wanted and feature.name not in wanted):
            continue
        column = feature_column(feature, source.columns)
        same = column.kind == feature.column.kind
        # One of another kind than in training is watched as what it is now, and told to be so.
        watched = watched_feature(feature, column) if same else watched_column(column)
        if watched is not None:
            found.append(watched)
    return found


def predictions_of(
    conn: DuckDBPyConnection, spec: ModelSpec
) -> tuple[Relation, list[tuple[str, Watched]]]:
    """Return the table of the predictions, and the columns of it that are told, with their roles.

    The key, the dates and what says where a prediction is from are none of them.
    """
    relation = Relation(PREDICTIONS_SCHEMA, spec.name)
    keys = {name.lower() for name in spec.score.key}
    found = []
    for name, column in describe(conn, relation).items():
        ours = name in _OURS or name.lower() in keys or is_reason_column(name)
        watched = None if ours else watched_column(column)
        if watched is not None:
            found.append(("score" if name == "score" else "prediction", watched))
    return relation, found


def look(
    conn: DuckDBPyConnection,
    rows_sql: str,
    values: Sequence[object],
    columns: Sequence[tuple[str, Watched]],
    key: Sequence[str],
    parts: Sequence[Part] = (),
) -> Iterator[Looked]:
    """Yield each of ``columns``, with their roles, of the rows that ``rows_sql`` selects.

    ``key`` are the columns of which equal values make rows tell the same over again; without one
    each row counts. Then the same of each of the most frequent values of each of ``parts``.
    """
    watched = [each for _, each in columns]
    rows, table = read(conn, rows_sql, watched, values, [each.sql for each in parts])
    keys = _keys(conn, rows_sql, values, key) if key else rows
    yield from _looked(table, columns, "all", rows, keys)
    for at, each in enumerate(parts, start=len(columns)):
        for segment, mask in _masks(each.name, table.column(at)):
            part = table.filter(mask)
            share = part.num_rows / max(table.num_rows, 1)
            many = (round(rows * share), max(round(keys * share), 1))
            yield from _looked(part, columns, segment, *many)


def _looked(
    table: pa.Table, columns: Sequence[tuple[str, Watched]], segment: str, rows: int, keys: int
) -> Iterator[Looked]:
    found = at_hand(table, [watched for _, watched in columns])
    for (role, watched), values in zip(columns, found, strict=True):
        yield Looked(Place(role, watched.name, segment), watched.type, rows, keys, values)


def _keys(
    conn: DuckDBPyConnection, rows_sql: str, values: Sequence[object], key: Sequence[str]
) -> int:
    named = ", ".join(map(quote, key))
    found = conn.execute(f"select count(distinct ({named})) from {rows_sql}", list(values))
    return int((found.fetchone() or (0,))[0])


def _masks(name: str, column: pa.ChunkedArray) -> Iterator[tuple[str, pa.Array]]:
    counts = pc.value_counts(column).to_pylist()
    ranked = sorted(counts, key=lambda each: (-each["counts"], str(each["values"])))
    for value in (each["values"] for each in ranked[:MOST_SEGMENTS]):
        if value is None:
            yield f"{name} is null", pc.is_null(column)
        else:
            yield f"{name}={value}", pc.fill_null(pc.equal(column, value), False)


def day_sql(spec: ModelSpec, source: Source) -> str:
    """Return the date of a row of the scored table."""
    return f"cast({source.time(spec.score.time, 'score.time', spec.file).time_sql} as date)"


def predictions_sql(
    spec: ModelSpec, relation: Relation, source: Source, parts: Sequence[Part], strange: str
) -> tuple[str, list[Part]]:
    """Return what stands after ``from`` for predictions, and ``parts`` as it has them.

    Only those count for which ``strange`` holds, a condition on ``told``. Three values follow it:
    the version, and the dates between which the predictions are.
    """
    where = f"told.model_version = ? and told.as_of_date between ? and ? and {strange}"
    if not parts:
        return f"{relation.sql} as told where {where}", []
    keys = [quote(name) for name in spec.score.key]
    day = f"{day_sql(spec, source)} as goldloop_day"
    made = [Part(each.name, f"goldloop_part_{at}") for at, each in enumerate(parts)]
    named = [f"{each.sql} as {new.sql}" for each, new in zip(parts, made, strict=True)]
    same = [f"told.{key} = scored.{key}" for key in keys] + ["told.as_of_date = goldloop_day"]
    rows = (
        f"select told.*, {', '.join(each.sql for each in made)} from {relation.sql} as told "
        f"inner join (select {', '.join([*keys, day, *named])} from {source.relation.sql}) "
        f"as scored on {' and '.join(same)} where {where}"
    )
    return f"({rows})", made
