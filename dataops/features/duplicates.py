"""Features that say the same thing under two names, found by their values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import duckdb

from dataops.features.built import built_columns
from dataops.features.catalog import Feature
from dataops.features.measures import instant
from dataops.features.views import View
from ml.columns import Column, Columns
from ml.relation import quote

# How alike the values of two features are that are worth a look.
ALIKE = 0.99
SAMPLE_ROWS = 20_000
_LEAST_ROWS = 50
_Pair = tuple[Feature, Feature]
_EVENT, _KNOWN = '"the event"', '"the known"'


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
    on a sample of at most ``SAMPLE_ROWS`` rows of equal entity and event time, of each event the
    row that was known last; a feature that a view passes on is not held against its origin, and
    one that is described and not built yet against none. Raises PipelineError for a view that the
    warehouse of ``connection`` does not have.
    """
    views = {feature.view.name: feature.view for feature in features}
    built = {name: built_columns(connection, view) for name, view in views.items()}
    own = [
        feature
        for feature in features
        if not feature.passed_on_from and feature.name in built[feature.view.name]
    ]
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
        for alike in _compare(connection, list(group), built)
    ]
    return sorted(found, key=lambda each: -abs(each.correlation or each.share or 0.0))


def _compare(
    connection: duckdb.DuckDBPyConnection, pairs: Sequence[_Pair], built: Mapping[str, Columns]
) -> Iterator[Alike]:
    """Compare the features of two views (or of one) in one statement."""
    kinds = [tuple(built[each.view.name][each.name] for each in pair) for pair in pairs]
    told = [
        _correlation_sql(pair) if _are_numbers(columns) else _share_sql(pair)
        for pair, columns in zip(pairs, kinds, strict=True)
    ]
    cursor = connection.execute(f"{_joined(pairs)} select {', '.join(told)} from pairs")
    row = cursor.fetchone() or ()
    for place, (pair, columns) in enumerate(zip(pairs, kinds, strict=True)):
        likeness, rows = row[2 * place : 2 * place + 2]
        if likeness is not None and rows >= _LEAST_ROWS and abs(likeness) >= ALIKE:
            numbers = _are_numbers(columns)
            yield Alike(*pair, likeness if numbers else None, None if numbers else likeness, rows)


def _joined(pairs: Sequence[_Pair]) -> str:
    """Return the CTE ``pairs``: the rows of equal entity and event time, drawn by a hash.

    Of an event the row that was known last: all its rows have one hash, and the limit may cut
    between them, so the latest comes first.
    """
    one, other = pairs[0][0].view, pairs[0][1].view
    keys = [f'"key {at}"' for at in range(len(one.declared.entity))]
    on = ", ".join([*keys, _EVENT])
    last = f"qualify row_number() over (partition by {on} order by {_KNOWN} desc) = 1"
    ones, others = (
        list({each.name: each for each in chosen}.values()) for chosen in zip(*pairs, strict=True)
    )
    wanted = [_named("one", each) for each in ones] + [_named("other", each) for each in others]
    # A name of ours stands for a column in a select of its own, where no real one can hide it.
    return (
        f"with drawn as (select * from ({_rows(one, one, 'one', ones)}) "
        f"order by hash({on}), {_KNOWN} desc limit {SAMPLE_ROWS}), "
        f"one as (select * from drawn {last}), "
        f"met as (select * from ({_rows(other, one, 'other', others)}) semi join one using ({on})),"
        f" other as (select * from met {last}), "
        f"pairs as (select {', '.join(wanted)} from one inner join other using ({on}))"
    )


def _rows(view: View, order: View, side: str, features: Sequence[Feature]) -> str:
    """Return a select of the keys, in the ``order`` of that view, the times and ``features``."""
    columns = [f'{quote(key)} as "key {at}"' for at, key in enumerate(order.declared.entity)]
    columns.append(f"{instant(view.declared.event_time)} as {_EVENT}")
    columns.append(f"{instant(view.declared.known_time)} as {_KNOWN}")
    columns += [f"{quote(each.name)} as {_named(side, each)}" for each in features]
    return f"select {', '.join(columns)} from {view.relation.sql}"


def _named(side: str, feature: Feature) -> str:
    return quote(f"{side}.{feature.name}")


def _correlation_sql(pair: _Pair) -> str:
    """Return SQL of Pearson's correlation and of how many rows it is.

    Each side is divided by its greatest magnitude, which changes no correlation: the squares of
    1e200 are no doubles, and DuckDB fails on them.
    """
    numbers = [
        f"cast({_named(side, each)} as double)"
        for side, each in zip(("one", "other"), pair, strict=True)
    ]
    finite = " and ".join(f"isfinite({number})" for number in numbers)
    scaled = [
        f"{number} / (select nullif(max(abs({number})), 0) from pairs where {finite})"
        for number in numbers
    ]
    return f"corr({', '.join(scaled)}) filter ({finite}), count(*) filter ({finite})"


def _share_sql(pair: _Pair) -> str:
    """Return SQL of the share of equal values and of how many rows it is.

    Only rows count in which not both columns have their most frequent value: else two that say
    'no' nearly always would be alike.
    """
    texts = [
        f"cast({_named(side, each)} as varchar)"
        for side, each in zip(("one", "other"), pair, strict=True)
    ]
    usual = " and ".join(
        f"{text} is not distinct from (select mode({text}) from pairs)" for text in texts
    )
    return (
        f"avg(cast({texts[0]} is not distinct from {texts[1]} as integer)) filter (not ({usual})), "
        f"count(*) filter (not ({usual}))"
    )


def _are_numbers(columns: Sequence[Column]) -> bool:
    return all(column.kind in ("number", "boolean") for column in columns)
