"""What was known, or happened, after the time a row is as of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from ml.columns import Column
from ml.data.dataset import TrainingSet
from ml.leaks.guard import Leak
from ml.spec import ModelSpec


@dataclass(frozen=True)
class _Held:
    """A column held against the time, why it is, and whether by its date alone."""

    column: Column
    why: str
    by_day: bool = False

    def after(self, time: Column) -> str:
        """Return the condition that the column lies after ``time``."""
        one, other = self.column.time_sql, time.time_sql
        if self.by_day:
            one, other = (f"cast({each} as date)" for each in (one, other))
        return f"{one} > {other}"


def check_moments(
    conn: DuckDBPyConnection, spec: ModelSpec, found: TrainingSet, known: Mapping[str, str]
) -> None:
    """Refuse a training set with rows that were known, or that read, after their time.

    Held against ``train.time`` are the columns of ``train.known``, those of ``known`` (by name,
    with what each is the known time of), and the dates and timestamps that ``train.transform``
    reads, these by their day where the time is a date. A null is not held against anything.

    Raises Leak with counts and the key of a row.
    """
    time = found.grain.time
    held = list(_held(spec, found, known))
    if time is None or not held:
        return
    counted = ", ".join(f"count(*) filter (where {each.after(time)})" for each in held)
    (counts,) = conn.execute(f"select {counted} from {found.source.relation.sql}").fetchall()
    late = [(each, count) for each, count in zip(held, counts, strict=True) if count]
    if late:
        lines = [_told(conn, found, time, each, count) for each, count in late]
        told = lines[0] if len(lines) == 1 else "".join(f"\n  {line}" for line in lines)
        raise Leak(
            f"{found.source.relation} knows more than was known at '{time.name}': {told}; "
            f"allowed: up to '{time.name}'",
            fix=f"cut it in the SQL of {found.source.dbt_name} (training_set does, "
            "docs/features.md), or name a plan that was known before, such as a due date, in "
            f"train.leak_guard.future of {spec.file}, then: {found.source.build}",
            columns=[each.column.name for each, _ in late],
        )


def _held(spec: ModelSpec, found: TrainingSet, known: Mapping[str, str]) -> Iterator[_Held]:
    source, train, time = found.source, spec.train, found.grain.time
    if time is None:
        return
    done = {time.name, *train.leak_guard.future}
    for name in train.known:
        yield _Held(source.columns[name], "train.known names it")
        done.add(name)
    for name, origin in known.items():
        column = source.columns.get(name)
        if column is not None and column.kind == "time" and name not in done:
            yield _Held(column, f"it is {origin}")
            done.add(name)
    for feature in found.features:
        for name, _ in feature.reads:
            column = source.columns[name]
            if column.kind == "time" and name not in done:
                why = f"train.transform.{feature.name} reads it"
                yield _Held(column, why, by_day=time.base == "DATE")
                done.add(name)


def _told(
    conn: DuckDBPyConnection, found: TrainingSet, time: Column, each: _Held, count: int
) -> str:
    shown = [*(column.sql for column in found.grain.key), time.sql, each.column.sql]
    values = ", ".join(f"cast({sql} as varchar)" for sql in shown)
    order = ", ".join(found.grain.sql)
    (row,) = conn.execute(
        f"select {values} from {found.source.relation.sql} where {each.after(time)} "
        f"order by {order} limit 1"
    ).fetchall()
    *keys, moment, met = row
    names = (column.name for column in found.grain.key)
    key = ", ".join(f"{name} {value}" for name, value in zip(names, keys, strict=True))
    return (
        f"'{each.column.name}' ({each.why}) lies after it in {count:,} of {found.rows:,} rows, "
        f"such as {met} at {moment} of {key}"
    )
