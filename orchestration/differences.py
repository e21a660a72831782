"""What differs between two warehouses: tables for a person, a document for a program."""

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dataops.differences import (
    ColumnDifference,
    Difference,
    Metric,
    ModelDifference,
    Sample,
    TableDifference,
    Value,
)
from ml.relation import Relation

_WIDTH = 40
_BEFORE = 10


def document(difference: Difference) -> dict[str, Any]:
    """Return ``difference`` in what JSON has; its fields are those of :class:`Difference`.

    A relation is its name, a sample's key a mapping, a number that is not finite null.
    """
    plain: dict[str, Any] = {"is_same": difference.is_same, **_plain(difference)}
    return plain


def print_difference(difference: Difference, console: Console, *, then: str = "") -> None:
    """Show what differs and nothing else; ``then`` is what to do next, for the last line."""
    if difference.is_same:
        console.print(f"nothing differs; tables compared: {difference.compared:,}")
    else:
        for table in _tables(difference):
            if table.row_count:
                console.print(table)
        changed = len(difference.tables)
        console.print(f"{changed:,} of {difference.compared:,} tables that both have differ")
    if then:
        console.print(f"next: {then}", soft_wrap=True)


def _tables(difference: Difference) -> Iterator[Table]:
    yield _relations(difference)
    yield _columns(difference)
    yield _samples(difference)
    yield _models(difference)
    yield _metrics(difference)


def _relations(difference: Difference) -> Table:
    table = Table("relation", "rows", "added", "removed", "changed", "what", title="what differs")
    for whole in difference.removed:
        table.add_row(
            _text(str(whole.relation)), _count(whole.rows), "", "", "", f"{whole.kind} gone"
        )
    for whole in difference.added:
        table.add_row(
            _text(str(whole.relation)), _count(whole.rows), "", "", "", f"new {whole.kind}"
        )
    for each in difference.tables:
        before, after = _count(each.rows_before), _count(each.rows_after)
        rows = after if before == after else _arrow(before, after)
        counts = (_some(each.added), _some(each.removed), _some(each.changed))
        table.add_row(_text(str(each.relation)), rows, *counts, _text(_what(each)))
    for view in difference.views:
        table.add_row(_text(str(view.relation)), "", "", "", "", "view with other SQL")
    return table


def _what(table: TableDifference) -> str:
    told = [f"+ {column.name} {column.type}" for column in table.columns_added]
    told += [f"- {column.name} {column.type}" for column in table.columns_removed]
    told += [f"{each.name}: {each.old} → {each.new}" for each in table.columns_retyped]
    if table.note and (table.added or table.removed):
        told.append(f"rows compared whole: {table.note}")
    return "; ".join(told)


def _columns(difference: Difference) -> Table:
    table = Table("column", "rows changed", "mean", "largest change", title="columns that changed")
    for each in difference.tables:
        for column in each.columns:
            name = _text(f"{each.relation}.{column.name}")
            largest = "" if column.largest is None else f"{column.largest:.6g}"
            table.add_row(name, _count(column.changed), _mean(column), largest)
    return table


def _mean(column: ColumnDifference) -> str:
    if column.mean_before is None and column.mean_after is None:
        return ""
    return _arrow(_number(column.mean_before), _number(column.mean_after))


def _samples(difference: Difference) -> Table:
    table = Table("relation", "row", "column", "old → new", title="some of the rows")
    for each in difference.tables:
        for sample in each.samples:
            _add_sample(table, each.relation, sample)
    return table


def _add_sample(table: Table, relation: Relation, sample: Sample) -> None:
    key = ", ".join(f"{name} {_cut(value)}" for name, value in sample.key)
    if sample.kind != "changed":
        whole = ", ".join(
            f"{value.column} {_cut(value.old if sample.kind == 'removed' else value.new)}"
            for value in sample.values
        )
        table.add_row(_text(str(relation)), _text(key), sample.kind, _text(whole))
        return
    for value in sample.values:
        column, change = _text(value.column), _text(_arrow(*_near(value)))
        table.add_row(_text(str(relation)), _text(key), column, change)


def _models(difference: Difference) -> Table:
    table = Table("ML model", "champion", "versions", title="ML models")
    for model in difference.models:
        champion = _champion(model)
        versions = (
            f"{each.version}: {_arrow(each.before or 'absent', each.after or 'absent')}"
            for each in model.versions
        )
        table.add_row(_text(model.model), champion, _text(", ".join(versions)))
    return table


def _champion(model: ModelDifference) -> str:
    before, after = (
        "none" if version is None else str(version)
        for version in (model.champion_before, model.champion_after)
    )
    return before if before == after else _arrow(before, after)


def _metrics(difference: Difference) -> Table:
    table = Table("ML model", "metric", "data", "before", "after", title="the champions' metrics")
    for model in difference.models:
        for each in model.metrics:
            data = each.data if each.segment == "all" else f"{each.data}, {each.segment}"
            names = (_text(model.model), _text(each.metric), _text(data))
            table.add_row(*names, _metric(each.before), _metric(each.after))
    return table


def _metric(metric: Metric | None) -> str:
    if metric is None:
        return ""
    if metric.low is None or metric.high is None:
        return _number(metric.value)
    return f"{_number(metric.value)} ({_number(metric.low)} to {_number(metric.high)})"


def _near(value: Value) -> tuple[str, str]:
    """Return both values cut to where they differ, so that long ones do not look alike."""
    old, new = value.old or "", value.new or ""
    same = next(
        (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]),
        min(len(old), len(new)),
    )
    start = max(0, same - _BEFORE) if max(len(old), len(new)) > _WIDTH else 0
    return _cut(value.old, start), _cut(value.new, start)


def _cut(value: str | None, start: int = 0) -> str:
    if value is None:
        return "null"
    if value == "null":
        return "'null'"
    part = value[start : start + _WIDTH]
    return ("…" if start else "") + part + ("…" if len(value) > start + _WIDTH else "")


def _text(value: str) -> Text:
    """Return ``value`` as it is: no markup in it counts, nor a character that moves the cursor."""
    return Text("".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in value))


def _arrow(old: str, new: str) -> str:
    return f"{old} → {new}"


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _some(number: int) -> str:
    return f"{number:,}" if number else ""


def _number(number: float | None) -> str:
    return "none" if number is None else f"{number:.6g}"


def _plain(value: Any) -> Any:
    if isinstance(value, Relation):
        return str(value)
    if isinstance(value, Sample):
        return {
            "kind": value.kind,
            "key": dict(value.key),
            "values": [_plain(each) for each in value.values],
        }
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
