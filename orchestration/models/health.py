"""How the models are: freshness, drift, skew, performance, alarms, and what to do next."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ml.monitoring.health import Health, Row, health_of
from ml.spec import ModelSpec
from orchestration.declared import declared_models, no_exposure
from orchestration.models.page import between, number
from orchestration.project import Project

_BARS = "▁▂▃▄▅▆▇█"
_WORST = 8
# A PSI of this much fills a bar: a large change by Siddiqi.
_FULL = 0.25


def show_health(folder: Path | None, name: str | None, as_json: bool) -> None:
    """Show how model ``name`` is, or all of them; exit with 1 where there is an alarm."""
    project, console = Project.locate(folder), Console(soft_wrap=True)
    specs = _specs(project, name)
    with project.warehouse.read() as connection:
        found = [health_of(connection, each) for each in specs]
    if as_json:
        told = [asdict(each) | {"alarms": each.alarms, "next": _next(each)} for each in found]
        console.print_json(json.dumps(told, default=str))
    else:
        for each in found:
            for part in _parts(each, specs[each.model]):
                console.print(part)
        if not found:
            console.print(
                "no ML model is an exposure, so that the loop scores none and watches none\n"
                "next: goldloop models, docs/how-to/watch-a-model.md"
            )
    if any(each.alarms for each in found):
        raise typer.Exit(1)


def _specs(project: Project, name: str | None) -> dict[str, ModelSpec]:
    """Return the declaration of model ``name``, or of each there is, by its name."""
    declared = {spec.name: spec for spec in declared_models(project)}
    if name is not None and name not in declared:
        instead = (
            "watch it in SQL: {{ ml_validate_drift(ref(…), ref(…)) }}, or of features "
            f"{{{{ ml_validate_skew(ref('{name}'), ref(…)) }}}}"
        )
        raise no_exposure(project, name, declared, instead)
    return declared if name is None else {name: declared[name]}


def _parts(health: Health, spec: ModelSpec) -> Iterator[Table | str]:
    yield f"[bold]{escape(health.model)}[/]: {escape(health.champion or 'no champion')}"
    if health.champion is None:
        yield f"next: {_next(health)}"
        return
    yield _freshness(health)
    if health.drift:
        yield _drift(health, spec)
    elif health.scored_at is not None:
        yield (
            f"drift: nothing was compared, as where {spec.score.on} has no rows; the check "
            f"monitor_drift of predictions/{health.model} says why (goldloop ui)"
        )
    yield from _skew(health)
    yield from _performance(health)
    yield from _retrained(health)
    many = len(health.alarms)
    told = f"[red]{many} alarm{'s' * (many > 1)}[/]" if many else "[green]no alarm[/]"
    yield f"{told}; next: {escape(_next(health))}"


def _freshness(health: Health) -> str:
    trained = f"{health.trained_at:%Y-%m-%d %H:%M}" if health.trained_at else "never"
    if health.scored_at is None:
        return f"trained {trained} UTC, has not scored yet"
    until = f", rows up to {health.last_date}" if health.last_date else ""
    return f"trained {trained} UTC, scored {_ago(health.scored_at)}{until}"


def _ago(at: datetime) -> str:
    """Return how long ago the naive UTC time ``at`` was."""
    minutes = (datetime.now(UTC).replace(tzinfo=None) - at).total_seconds() / 60
    for name, many in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * many:
            return f"{minutes / many:.0f} {name}s ago"
    return f"{max(minutes, 0):.0f} minutes ago"


def _drift(health: Health, spec: ModelSpec) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name in ("column", "against", "psi", "KS", "missing", "unseen", "psi so far", ""):
        table.add_column(name, overflow="fold")
    rows = health.drift
    last = rows[0]
    table.title = f"drift, {last['window_from']} to {last['window_to']}, worst first"
    for row in rows[:_WORST]:
        part = "" if row["segment"] == "all" else f" where {row['segment']}"
        bars = _bars((health.history or {}).get(row["column_name"], ()))
        told = f"[red]{escape(row['reason'] or '')}[/]" if row["is_alarm"] else row["reason"] or ""
        table.add_row(
            escape(f"{row['column_name']}{part}"), row["baseline"], number(row["psi"]),
            number(row["kolmogorov_smirnov"]), number(row["missing"]), number(row["unseen"]),
            bars if row["baseline"] == "training" and not part else "", told,
        )  # fmt: skip
    limits = ", ".join(f"{name} above {most:g}" for name, most in spec.monitor.thresholds.items())
    more = f"; {len(rows) - _WORST} more in ml.drift_metrics" if len(rows) > _WORST else ""
    table.caption = f"an alarm: {limits} against {spec.monitor.baseline}, and no accident{more}"
    table.caption_justify = "left"
    return table


def _bars(values: Sequence[float | None]) -> str:
    """Return the PSI of each window as a bar, a point where there is none."""
    most = len(_BARS) - 1
    return "".join(
        "·" if value is None else _BARS[min(round(value / _FULL * most), most)]
        for value in values[-10:]
    )


def _skew(health: Health) -> Iterator[str]:
    differing = [each for each in health.skew if each["differ"]]
    if differing:
        rows = differing[0]["rows"]
        told = ", ".join(f"{each['column_name']} in {each['differ']:.1%}" for each in differing)
        yield f"[yellow]skew: of {rows:,} rows in both, training and scoring differ in {told}[/]"
    elif health.skew:
        first = health.skew[0]
        yield f"skew: {first['reason'] or 'none'} ({first['rows']:,} rows in both)"
    worst = max(health.first, key=lambda each: each["psi"] or 0.0, default=None)
    if worst is not None and worst["psi"] is not None:
        yield (
            f"first window after what {health.champion} learnt from ({worst['window_from']} to "
            f"{worst['window_to']}): at most psi {worst['psi']:.3f} ({worst['column_name']})"
        )


def _performance(health: Health) -> Iterator[Table | str]:
    measured = [each for each in health.performance if each["value"] is not None]
    if measured:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
        table.title = "performance on rows later than the training set"
        for name in ("window", "kind", "metric", "value", "95 %", "labels", ""):
            table.add_column(name, overflow="fold")
        for row in measured:
            told = f"[red]{escape(row['reason'])}[/]" if row["is_alarm"] else ""
            window = f"{row['window_from']} to {row['window_to']}"
            rows = f"{row['rows']:,} of {row['predictions']:,}"
            table.add_row(window, row["kind"], row["metric"], number(row["value"]),
                          between(row), rows, told)  # fmt: skip
        yield table
    yield from _not_performed(health.performance)
    if not health.performance:
        yield "performance: nothing was told yet of rows later than the training set"


def _not_performed(performance: Sequence[Row]) -> Iterator[str]:
    """Yield each reason for which nothing was measured, with the windows it was for."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in performance:
        if row["value"] is None and row["reason"]:
            found.setdefault((row["kind"], row["reason"]), []).append(row)
    for (kind, reason), rows in found.items():
        many = sum(row["predictions"] for row in rows)
        of = f" of {many:,} predictions, {rows[0]['window_from']} to {rows[-1]['window_to']}"
        yield escape(f"{kind} performance{of if many else ''}: {reason}")


def _retrained(health: Health) -> Iterator[str]:
    for row in health.retrainings[:1]:
        made = f"{health.model}@{row['version']}" if row["version"] else "nothing new"
        what = f"trained {made}" if row["is_trained"] else "not trained"
        when = f"{row['decided_at']:%Y-%m-%d %H:%M}"
        yield escape(f"last run that could train, {when} UTC: {what} ({row['reason']})")


def _next(health: Health) -> str:
    if health.champion is None:
        return f"goldloop train {health.model}"
    if health.scored_at is None:
        return f"goldloop score {health.model}"
    if not health.has_reference:
        return f"goldloop train {health.model} (keeps its training set to compare with)"
    if any(each["differ"] for each in health.skew):
        return "compare the SQL of train.on and score.on for the columns that differ"
    drifted: list[Row] = [each for each in health.alarms if "column_name" in each]
    if drifted:
        return (
            f"look at {drifted[0]['column_name']} in the scored table; if it is right: "
            f"goldloop train {health.model}"
        )
    if health.alarms:
        return f"goldloop train {health.model}, or: goldloop models rollback {health.model}"
    return f"goldloop models show {health.model}"
