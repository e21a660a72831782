"""Columns that a training set copies from a feature view by hand, and whether in time."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from dataops.features.views import View
from dataops.lineage.cuts import is_macros
from dataops.lineage.graph import Aliases, Lineage, told
from dataops.lineage.places import Made, Place
from ml.columns import Column, Source
from ml.relation import quote

_COPIED = frozenset({Made.SAME})


@dataclass(frozen=True)
class Late:
    """A column with values that its view knew only after the row's time: how many, and one row."""

    column: str
    view: str
    way: str
    rows: int
    example: str


def late_columns(
    conn: DuckDBPyConnection,
    lineage: Lineage,
    source: Source,
    time: Column,
    columns: Iterable[str],
    views: Collection[View],
) -> list[Late]:
    """Return which of ``columns`` of ``source`` hold values that were known after ``time``.

    Looked at are columns that are a feature of a view by another name, do not come through a macro
    that cuts the view in time, and have the view's whole entity beside them. A value counts
    only if the view has it for that entity, and learnt it first after the row's time. Where
    the row's time is that of the very row that is copied, the row is the event itself, not joined.
    """
    by_relation = {str(view.relation).lower(): view for view in views}
    relation = str(source.relation).lower()
    times = frozenset(lineage.same_rows(Place(relation, time.name.lower()), _COPIED))
    found = []
    for name in columns:
        joined = _joined(lineage, Place(relation, name.lower()), by_relation, times)
        if joined is not None:
            found += list(_late(conn, source, time, name, *joined))
    return found


def _joined(
    lineage: Lineage,
    start: Place,
    views: Mapping[str, View],
    times: Set[tuple[Place, Aliases]],
) -> tuple[View, str, str] | None:
    """Return the view that ``start`` is copied from by hand, its feature, and the way."""
    rows = lineage.same_rows(start, _COPIED)
    way = [place for place, _ in rows]
    for at, (place, aliases) in enumerate(rows):
        if at and is_macros(lineage, way[at - 1]):
            return None
        view = views.get(place.relation)
        if at and view is not None and not place.scope:
            own = (view.declared.event_time, view.declared.known_time)
            if any((Place(place.relation, name.lower()), aliases) in times for name in own):
                return None
            names = [name for name in view.features if name.lower() == place.column]
            return (view, names[0], told(tuple(way[: at + 1]))) if names else None
    return None


def _late(
    conn: DuckDBPyConnection,
    source: Source,
    time: Column,
    column: str,
    view: View,
    feature: str,
    way: str,
) -> Iterator[Late]:
    """Hold each value against when the view first had it, in the type that it is copied as."""
    beside = {name.lower(): name for name in source.columns}
    entity = view.declared.entity
    if not all(name.lower() in beside for name in entity):
        return
    keys = [quote(beside[name.lower()]) for name in entity]
    ours = [f"cast(row.{key} as varchar)" for key in keys]
    theirs = [f"cast({quote(name)} as varchar)" for name in entity]
    matched = " and ".join(f"first.key_{at} = {one}" for at, one in enumerate(ours))
    told_keys = ", ".join(f"{one} as key_{at}" for at, one in enumerate(theirs))
    known = quote(view.declared.known_time)
    value = f"try_cast({quote(feature)} as {source.columns[column].type})"
    rows, *example = conn.execute(
        f"with first as (select {told_keys}, {value} as value, min({known}) as known "
        f"from {view.relation.sql} group by all) "
        f"select count(*), {', '.join(f'min_by({one}, {time.sql})' for one in ours)}, "
        f"cast(min({time.sql}) as varchar), cast(min_by(first.known, {time.sql}) as varchar) "
        f"from {source.relation.sql} as row inner join first "
        f"on {matched} and first.value = row.{quote(column)} "
        f"where first.known > row.{time.sql}"
    ).fetchall()[0]
    if rows:
        *values, moment, met = example
        key = ", ".join(f"{name} {one}" for name, one in zip(entity, values, strict=True))
        yield Late(column, view.name, way, rows, f"{met} for {key} at {moment}")
