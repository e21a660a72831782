"""One version of an ML model as a person reads it: worth, reasons, history."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ml.versions import registry
from orchestration.models.facts import Facts, Row
from orchestration.models.kinds import found_tables
from orchestration.models.listing import criterion_in_words, judged_by
from orchestration.models.names import version_of
from orchestration.project import Project

_BARS = " ▁▂▃▄▅▆▇█"
_WIDTH = 30
_MOST_IMPORTANT = 10
_MOST_DECISIONS = 10


def show_version(folder: Path | None, name: str, as_json: bool) -> None:
    """Show the version ``NAME@7``, or the champion of ``NAME`` (without one the newest)."""
    project, console = Project.locate(folder), Console(soft_wrap=True)
    with project.warehouse.read() as connection:
        version = version_of(registry.versions(connection), name)
        facts = Facts.of(connection, version)
    if as_json:
        console.print_json(json.dumps(facts.document(), default=str))
        return
    for part in _parts(facts):
        console.print(part)
    console.print(f"next: goldloop models compare {version.name} {version.model}@N")


def _parts(facts: Facts) -> Iterator[Table | str]:
    yield from _head(facts)
    yield _metrics(facts)
    if any(row["segment"] != "all" for row in facts.tables["evaluations"]):
        yield _segments(facts)
    yield from found_tables(facts)
    if facts.tables["importances"]:
        yield _importances(facts)
    yield from _curves(facts)
    if facts.tables["confusion"]:
        yield _confusion(facts)
    if facts.tables["residuals"]:
        yield _residuals(facts)
    if facts.decisions:
        yield _decisions(facts)


def _head(facts: Facts) -> Iterator[str]:
    version = facts.version
    why = f" ({escape(version.reason)})" if version.reason else ""
    since = f" since {version.test_from:%Y-%m-%d}" if version.test_from else ""
    made_up = f" ({version.made_up_rows:,} of them made up)" if version.made_up_rows else ""
    yield f"{version.name}, {version.status}{why}"
    yield (
        f"{version.estimator}: {version.train_rows:,} rows learnt from{made_up}, "
        f"{version.test_rows:,} held out{since}; run {version.run_id}, "
        f"{version.created_at:%Y-%m-%d %H:%M} UTC"
    )
    problem = json.loads(version.spec)["problem"]
    yield escape(f"question: {problem['question']}\ndecision: {problem['decision']}")
    yield "criteria: " + "; ".join(map(criterion_in_words, problem["success"]))
    yield from (f"[yellow]{escape(text)}[/]" for text in facts.warnings)


def _metrics(facts: Facts) -> Table:
    against, gains = facts.gains()
    table = Table("metric", "value", "95 %", "baseline", title="on the rows held out")
    if against:
        table.add_column(against)
        table.add_column(f"gain over {against}")
    table.add_column("learnt from")
    for name, data in facts.evaluated().items():
        if "test" not in data:
            continue
        row = [name, number(data["test"]["value"]), between(data["test"]), _of(data, "baseline")]
        if against:
            gain = gains.get(name, {})
            row += [_of(data, "champion"), f"{number(gain.get('difference'))} {between(gain)}"]
        table.add_row(*row, _of(data, "train"))
    return table


def _segments(facts: Facts) -> Table:
    judged = judged_by(facts.version)
    table = Table("segment", "rows", *judged, title="parts of them")
    parts = dict.fromkeys(
        row["segment"]
        for row in facts.tables["evaluations"]
        if row["data"] == "test" and row["segment"] != "all"
    )
    for segment in parts:
        found = {name: data["test"] for name, data in facts.evaluated(segment).items()}
        rows = next(iter(found.values()))["rows"]
        told = (found.get(name, {}) for name in judged)
        table.add_row(
            escape(segment),
            f"{rows:,}",
            *(f"{number(each.get('value'))} {between(each)}" for each in told),
        )
    return table


def _importances(facts: Facts) -> Table:
    rows = facts.tables["importances"]
    most = max((row["value"] for row in rows), default=0.0)
    title = f"what shuffling a feature costs in {rows[0]['metric']}"
    table = Table("feature", "", "cost", "least to most", title=title)
    for row in rows[:_MOST_IMPORTANT]:
        bar = "█" * round(20 * max(0.0, row["value"]) / most) if most > 0 else ""
        table.add_row(escape(row["feature"]), bar, number(row["value"]), between(row))
    if len(rows) > _MOST_IMPORTANT:
        table.caption = f"{len(rows) - _MOST_IMPORTANT} more in ml.importances"
    return table


def _curves(facts: Facts) -> Iterator[str]:
    names = dict.fromkeys((row["curve"], row["class"]) for row in facts.tables["curves"])
    for curve, class_ in names:
        points = [
            row for row in facts.tables["curves"] if (row["curve"], row["class"]) == (curve, class_)
        ]
        if curve in ("roc", "gains"):
            across = {"roc": "false positive rate", "gains": "share of rows taken"}[curve]
            yield f"{curve} of {class_}: {_sparkline(points)} ({across} 0 to 1)"
        if curve == "calibration":
            told = ", ".join(f"{row['x']:.2f} → {row['y']:.2f}" for row in points)
            yield f"calibration of {class_}, told → came true: {told}"


def _sparkline(points: list[Row]) -> str:
    """Return the curve as a row of bars: the height reached at each step across."""
    text = ""
    for step in range(_WIDTH):
        reached = max((row["y"] for row in points if row["x"] <= (step + 1) / _WIDTH), default=0.0)
        text += _BARS[round(reached * (len(_BARS) - 1))]
    return text


def _confusion(facts: Facts) -> Table:
    rows = facts.tables["confusion"]
    told = list(dict.fromkeys(row["told"] for row in rows))
    counts = {(row["truth"], row["told"]): row["rows"] for row in rows}
    table = Table("it is", *(f"told {name}" for name in told), title="rows by class")
    for truth in dict.fromkeys(row["truth"] for row in rows):
        table.add_row(truth, *(f"{counts.get((truth, name), 0):,}" for name in told))
    return table


def _residuals(facts: Facts) -> Table:
    table = Table("told", "rows", "truth less told", "spread", title="residuals")
    for row in facts.tables["residuals"]:
        told = f"{number(row['told_low'])} to {number(row['told_high'])}"
        table.add_row(told, f"{row['rows']:,}", number(row["residual"]), number(row["spread"]))
    return table


def _decisions(facts: Facts) -> Table:
    table = Table("when", "version", "became", "by", "why", title="decisions")
    for each in facts.decisions[-_MOST_DECISIONS:]:
        by = each.by if each.action == "train" else f"{each.by}, {each.action}"
        when = f"{each.decided_at:%Y-%m-%d %H:%M}"
        table.add_row(when, str(each.version), each.status, by, escape(each.reason or ""))
    return table


def _of(data: dict[str, Row], name: str) -> str:
    return number(data.get(name, {}).get("value"))


def number(value: Any) -> str:
    """Return a number as a table shows it, nothing for none."""
    return "" if value is None else f"{value:.4f}"


def between(row: Row) -> str:
    """Return the bounds of a row as a table shows them, nothing for none."""
    low, high = row.get("low"), row.get("high")
    return "" if low is None or high is None else f"({low:.4f} to {high:.4f})"
