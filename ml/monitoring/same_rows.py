"""Skew: rows that stand in the training set and in the scored table, of the same key and date.

Both are made by SQL of the project, often by different SQL. A feature that differs there was not,
or is no more, told to the model as it was learnt.
"""

from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from ml.columns import Column, Source
from ml.data.features import Encoder, Feature
from ml.data.transform import feature_column
from ml.relation import quote
from ml.spec import ModelSpec
from ml.versions.registry import ModelVersion

# Sums in another order differ so much, and no more.
ROUNDING = 1e-9


@dataclass(frozen=True)
class SameRows:
    """Of one feature: how many rows are in both, and in what share of them it differs."""

    column: str
    rows: int
    differ: float | None
    reason: str | None = None


def same_rows(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    version: ModelVersion,
    scored: Source,
    training: Source,
) -> list[SameRows]:
    """Compare each feature of the rows that ``training`` and ``scored`` both have.

    Empty where a row has no key and date by which it can be found in both.
    """
    if set(spec.train.key) != set(spec.score.key) or spec.train.time is None:
        return []
    features = [
        feature
        for feature in Encoder.from_json(version.features).features
        if feature.sql is not None or _alike(feature.name, scored, training)
    ]
    if not features:
        return []
    learnt, told = _sides(spec, spec.train.time, features, training, scored)
    same = [f"learnt.{quote(name)} = scored.{quote(name)}" for name in spec.train.key]
    counted = [_differs(f"learnt.c{at}", f"scored.c{at}", feature.kind in ("number", "boolean"))
               for at, feature in enumerate(features)]  # fmt: skip
    rows, *found = conn.execute(
        f"select count(*), {', '.join(f'count(*) filter (where {each})' for each in counted)} "
        f"from ({learnt}) as learnt inner join ({told}) as scored "
        f"on {' and '.join(same)} and learnt.goldloop_at = scored.goldloop_at"
    ).fetchall()[0]
    none = None if rows else "no row is in the training set and in the scored table"
    return [
        SameRows(feature.name, rows, differ / rows if rows else None, none)
        for feature, differ in zip(features, found, strict=True)
    ]


def _sides(
    spec: ModelSpec, time: str, features: list[Feature], training: Source, scored: Source
) -> tuple[str, str]:
    """Return the queries of the features of both tables, with key and date."""
    made = [
        _side(spec, source, at, [feature_column(each, source.columns).feature_sql
                                 for each in features])
        for source, at in (
            (training, training.time(time, "train.time", spec.file)),
            (scored, scored.time(spec.score.time, "score.time", spec.file)),
        )
    ]  # fmt: skip
    return made[0], made[1]


def _alike(name: str, scored: Source, training: Source) -> bool:
    """Whether both have the column, of one kind; of what has not the columns are noted."""
    columns = (scored.columns.get(name), training.columns.get(name))
    kinds = {column.kind for column in columns if column}
    return None not in columns and len(kinds) == 1


def _side(spec: ModelSpec, source: Source, time: Column, features: list[str]) -> str:
    keys = ", ".join(quote(name) for name in spec.train.key)
    named = ", ".join(f"{sql} as c{at}" for at, sql in enumerate(features))
    # The whole moment, as the training set is unique by it.
    return f"select {keys}, {time.time_sql} as goldloop_at, {named} from {source.relation.sql}"


def _differs(one: str, other: str, is_number: bool) -> str:
    if not is_number:
        return f"{one} is distinct from {other}"
    near = f"abs({one} - {other}) <= {ROUNDING} * greatest(1, abs({one}), abs({other}))"
    return f"({one} is distinct from {other} and not coalesce({near}, false))"
