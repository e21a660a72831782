"""Features that say the same thing under two names, found by their values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import duckdb

from dataops.features.catalog import Feature
from dataops.features.drift import is_number
from dataops.features.measures import column_types, instant
from dataops.features.views import View
from ml.relation import quote

# How alike the values of two features are that are worth a look.
ALIKE = 0.99
SAMPLE_ROWS = 20_000
_LEAST_ROWS = 50
_Pair = tuple[Feature, Feature]


@dataclass(frozen=True)
class Alike:
    """Two features with nearly the same values, on ``rows`` of the same entity and event time.

    ``correlation`` is Pearson's where both are numbers; ``share`` that of equal values where not.
    """

    one: Feature
    other: Feature
    correlation: float | None
    share: float | None
    rows: int


def duplicates(
    connection: duckdb.DuckDBPyConnection,
    features: Sequence[Feature],
    new: Sequence[Feature] | None = None,
) -> list[Alike]:
    """Return the pairs among ``features`` with nearly the same values, the likest first.

    With ``new`` only pairs with one of those. Compared are features of views of the same entity,
    on a sample of at most ``SAMPLE_ROWS`` rows of equal entity and event time; a feature that a
    view passes on is not held against its origin. Raises PipelineError for a view that the
    warehouse of ``connection`` does not have.
    """
    own = [feature for feature in features if not feature.passed_on_from]
    asked = None if new is None else {feature.full_name for feature in new}
    pairs = [
        (one, other)
        for place, one in enumerate(own)
        for other in own[place + 1 :]
        if set(one.view.declared.entity) == set(other.view.declared.entity)
        and (asked is None or {one.full_name, other.full_name} & asked)
    ]
    found = [
        alike
        for _, group in groupby(pairs, key=lambda pair: (pair[0].view.name, pair[1].view.name))
        for alike in _compare(connection, list(group))
    ]
    return sorted(found, key=lambda each: -abs(each.correlation or each.share or 0.0))


def _compare(connection: duckdb.DuckDBPyConnection, pairs: Sequence[_Pair]) -> Iterator[Alike]:
    """Compare the features of two views (or of one) in one statement."""
    one, other = pairs[0][0].view, pairs[0][1].view
    types = column_types(connection, one), column_types(connection, other)
    told = [_measure_sql(pair, types) for pair in pairs]
    cursor = connection.execute(f"{_joined(one, other, pairs)} select {', '.join(told)} from pairs")
    row = cursor.fetchone() or ()
    for place, pair in enumerate(pairs):
        likeness, rows = row[2 * place : 2 * place + 2]
        if likeness is not None and rows >= _LEAST_ROWS and abs(likeness) >= ALIKE:
            numbers = _are_numbers(pair, types)
            yield Alike(*pair, likeness if numbers else None, None if numbers else likeness, rows)


def _joined(one: View, other: View, pairs: Sequence[_Pair]) -> str:
    """Return the CTE ``pairs``: the rows of equal entity and event time, drawn by a hash."""
    keys = [quote(name) for name in one.declared.entity]
    times = instant(one.declared.event_time), instant(other.declared.event_time)
    columns = [
        f"{side}.{quote(feature.name)} as {quote(f'{side}.{feature.name}')}"
        for side, chosen in zip(("one", "other"), zip(*pairs, strict=True), strict=True)
        for feature in {each.name: each for each in chosen}.values()
    ]
    on = " and ".join(
        [*(f"one.{key} = other.{key}" for key in keys), "one.event_at = other.event_at"]
    )
    drawn = f"hash({', '.join(keys)}, event_at)"
    return (
        f"with one as (select *, {times[0]} as event_at from {one.relation.sql} "
        f"order by {drawn} limit {SAMPLE_ROWS}), "
        f"other as (select *, {times[1]} as event_at from {other.relation.sql}), "
        f"pairs as (select {', '.join(columns)} from one inner join other on {on})"
    )


def _measure_sql(pair: _Pair, types: tuple[dict[str, str], dict[str, str]]) -> str:
    """Return SQL of how alike two columns are and on how many rows.

    Of other values than numbers only rows count in which not both have their most frequent one:
    else two columns that say 'no' nearly always would be alike.
    """
    one, other = quote(f"one.{pair[0].name}"), quote(f"other.{pair[1].name}")
    if _are_numbers(pair, types):
        numbers = ", ".join(f"cast({name} as double)" for name in (one, other))
        finite = f"isfinite(cast({one} as double)) and isfinite(cast({other} as double))"
        return f"corr({numbers}) filter ({finite}), count(*) filter ({finite})"
    texts = [f"cast({name} as varchar)" for name in (one, other)]
    usual = " and ".join(
        f"{text} is not distinct from (select mode({text}) from pairs)" for text in texts
    )
    return (
        f"avg(cast({texts[0]} is not distinct from {texts[1]} as integer)) filter (not ({usual})), "
        f"count(*) filter (not ({usual}))"
    )


def _are_numbers(pair: _Pair, types: tuple[dict[str, str], dict[str, str]]) -> bool:
    kinds = [kinds[feature.name] for kinds, feature in zip(types, pair, strict=True)]
    return all(is_number(kind) or kind == "BOOLEAN" for kind in kinds)
