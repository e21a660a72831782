"""A few of the rows that differ, as text that may be shown."""

from collections.abc import Collection, Sequence
from typing import Any, Literal

from dataops.differences.comparison import Comparison
from dataops.differences.difference import Sample, Value
from dataops.differences.pairs import Pair


def changed_samples(comparison: Comparison, names: Collection[str]) -> tuple[Sample, ...]:
    """Return the first changed rows by key; ``names`` are the columns that changed anywhere."""
    shown = [pair for pair in comparison.pairs if pair.name in names]
    if not shown:
        return ()
    select = [pair.shown(comparison.new) for pair in comparison.key]
    for pair in shown:
        select += [pair.differs, pair.shown(comparison.old), pair.shown(comparison.new)]
    order = ", ".join(pair.compared(comparison.new) for pair in comparison.key)
    rows = comparison.connection.execute(
        f"select {', '.join(select)} from {comparison.joined} "
        f"where {' or '.join(pair.differs for pair in shown)} "
        f"order by {order} limit {comparison.most_samples}"
    ).fetchall()
    return tuple(_changed(row, comparison.key, shown) for row in rows)


def whole_samples(
    comparison: Comparison, kind: Literal["added", "removed"], condition: str
) -> tuple[Sample, ...]:
    """Return the first of the rows kept under ``condition``: their keys, or all they hold."""
    side, id_ = (comparison.new, "n_id") if kind == "added" else (comparison.old, "o_id")
    shown = comparison.key or comparison.pairs
    if not shown:
        return ()
    order = ", ".join(pair.compared(side) for pair in comparison.key) or f"{side.alias}.rowid"
    rows = comparison.connection.execute(
        f"select {', '.join(pair.shown(side) for pair in shown)} from moved "
        f"inner join {side.source} as {side.alias} on {side.alias}.rowid = moved.{id_} "
        f"where {condition} order by {order} limit {comparison.most_samples}"
    ).fetchall()
    return tuple(_whole(kind, row, shown, bool(comparison.key)) for row in rows)


def _changed(row: Sequence[Any], key: Sequence[Pair], shown: Sequence[Pair]) -> Sample:
    named = tuple((pair.name, value) for pair, value in zip(key, row, strict=False))
    cells = row[len(key) :]
    values = tuple(
        Value(pair.name, old, new)
        for pair, differs, old, new in zip(shown, cells[::3], cells[1::3], cells[2::3], strict=True)
        if differs
    )
    return Sample("changed", named, values)


def _whole(
    kind: Literal["added", "removed"], row: Sequence[str | None], shown: Sequence[Pair], keyed: bool
) -> Sample:
    if keyed:
        return Sample(
            kind, tuple((pair.name, text) for pair, text in zip(shown, row, strict=True)), ()
        )
    values = (
        Value(pair.name, None, text) if kind == "added" else Value(pair.name, text, None)
        for pair, text in zip(shown, row, strict=True)
    )
    return Sample(kind, (), tuple(values))
