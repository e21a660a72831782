"""The rows an export is tried on: real ones, and ones in which a value was planted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection

from ml.anatomy import Anatomy, Ensemble, Linear
from ml.columns import Column, Source
from ml.data.features import Feature
from ml.evaluation.metrics import Array
from ml.relation import quote

TRIED = "goldloop_tried"
AT, WHAT = "goldloop_at", "goldloop_what"
WITHOUT_NULLS = f"delete from {TRIED} where {WHAT} like '% null'"
_REAL = 1_000
_SPOILED = 3
_MOST_THRESHOLDS = 25
_UNSEEN = ("a value never seen", "", "it's", " ")


def plant(
    conn: DuckDBPyConnection, source: Source, features: Sequence[Feature], anatomy: Anatomy
) -> int:
    """Make the temporary table ``goldloop_tried`` and return how many rows it has.

    It has the columns of ``source``, a number and what each row is: up to 1,000 real rows, and
    some of them again with one feature (or all) missing, unseen, of a great magnitude, or at a
    threshold and beside it. What the type of a column cannot hold is left out.
    """
    conn.execute(
        f"create or replace temp table {TRIED} as select *, 'a real row' as {WHAT} "
        f"from {source.relation.sql} using sample reservoir({_REAL} rows) repeatable (7)"
    )
    conn.execute(f"create or replace temp table {TRIED}_few as from {TRIED} limit {_SPOILED}")
    plain = {at: source.columns[each.name] for at, each in enumerate(features) if not each.sql}
    for at, column in plain.items():
        _spoil(conn, column, _values(features[at], at, anatomy))
    # What SQL makes of a column may fail on a value made up; null is the one it has to take.
    read = {name for feature in features for name, _ in feature.reads}
    beneath = [source.columns[name] for name in sorted(read - {c.name for c in plain.values()})]
    for column in beneath:
        _spoil(conn, column, [])
    _empty(conn, [*plain.values(), *beneath])
    conn.execute(
        f"create or replace temp table {TRIED} as "
        f"select *, cast(row_number() over () as bigint) as {AT} from {TRIED}"
    )
    row = conn.execute(f"select count(*) from {TRIED}").fetchone()
    return int(row[0]) if row else 0


def _spoil(conn: DuckDBPyConnection, column: Column, values: list[Any]) -> None:
    """Repeat some rows with each of ``values`` in ``column``, and with null."""
    type_ = "varchar" if column.kind == "text" else "double"
    cast = f"try_cast(planted as {column.type})"
    conn.execute(
        f"insert into {TRIED} select few.* replace ({cast} as {column.sql}, "
        f"? || ' is ' || coalesce(cast(planted as varchar), 'null') as {WHAT}) "
        f"from {TRIED}_few as few, (select unnest(cast(? as {type_}[])) as planted) "
        f"where planted is null or {cast} is not null",
        [column.name, [*values, None]],
    )


def _empty(conn: DuckDBPyConnection, columns: Sequence[Column]) -> None:
    """Repeat some rows with null in every feature."""
    nulls = ", ".join(f"cast(null as {column.type}) as {column.sql}" for column in columns)
    if nulls:
        conn.execute(
            f"insert into {TRIED} select * replace ({nulls}, 'every feature is null' as {WHAT}) "
            f"from {TRIED}_few"
        )


def _values(feature: Feature, at: int, anatomy: Anatomy) -> list[Any]:
    """Return what is planted in feature number ``at``."""
    if feature.kind in ("category", "text"):
        return [*_UNSEEN, *feature.categories]
    if feature.kind == "boolean":
        return [0.0, 1.0]
    return _numbers(_thresholds(anatomy, at), _greatest(anatomy))


def _numbers(thresholds: Array, greatest: float) -> list[float]:
    great = [each for each in (1e6, 1e12, 1e300, greatest) if each <= greatest]
    near = [np.nextafter(thresholds, way) for way in (-np.inf, np.inf)]
    found = [0.0, -0.0, 1.0, *great, *(-each for each in great)]
    return [*found, *(float(each) for part in (thresholds, *near) for each in part)]


def _greatest(anatomy: Anatomy) -> float:
    """Return the greatest magnitude planted: what the estimator reads without an overflow."""
    if isinstance(anatomy, Ensemble):
        return min(1e300, anatomy.reach / 2)
    return 1e150


def _thresholds(anatomy: Anatomy, feature: int) -> Array:
    """Return thresholds at which the trees ask ``feature``, spread over all there are."""
    if not isinstance(anatomy, Ensemble):
        return np.array([cell.mean for cell in _scaled(anatomy, feature)])
    asked = {at for at, cell in enumerate(anatomy.columns) if cell.feature == feature}
    found = [
        tree.threshold[at]
        for tree in anatomy.trees
        for at, column in enumerate(tree.feature)
        if column in asked and at not in tree.codes and np.isfinite(tree.threshold[at])
    ]
    every = np.unique(np.array(found, dtype=np.float64))
    if len(every) <= _MOST_THRESHOLDS:
        return every
    return every[np.linspace(0, len(every) - 1, _MOST_THRESHOLDS).astype(np.int64)]


def _scaled(anatomy: Anatomy, feature: int) -> list[Any]:
    if not isinstance(anatomy, Linear):
        return []
    return [each for each in anatomy.columns if each.feature == feature and hasattr(each, "mean")]


def tried(features: Sequence[Column]) -> str:
    """Return the query that reads the rows tried: what each is, and its features."""
    asked = ", ".join(f"{column.feature_sql} as c{at}" for at, column in enumerate(features))
    return f"select {quote(WHAT)}, {asked} from {TRIED} order by {AT}"
