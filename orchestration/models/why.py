"""Why a score is what it is, as a person reads it."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from dataops.warehouse import Release
from ml.errors import UsageError
from ml.spec import ModelSpec
from ml.why import Against, Moved, Told, Why, run_of, why
from ml.why.answer import Parts
from orchestration.assets.sql_trained import call_of
from orchestration.declared import declared_model
from orchestration.features.code import feature_inputs
from orchestration.project import Project

_SHOWN = 10
_SEARCHED = 30


def show_why(
    folder: Path | None,
    name: str,
    keys: Sequence[str],
    day: str | None,
    against: Against,
    as_json: bool,
) -> None:
    """Show what made the score of one row, and what moved it."""
    project, console = Project.locate(folder), Console(soft_wrap=True, highlight=False)
    asked = call_of(project.manifest, name).replace("ml_predict", "ml_explain_predict")
    spec = declared_model(project, name, f"ask in a SQL model: select * from {{{{ {asked} }}}}")
    key, on = _key(spec, keys), _date(day)
    inputs = feature_inputs(project.manifest, spec.score.on)
    relations = project.manifest.relations
    with project.warehouse.read() as connection:
        before = _release_before(project, connection, spec, key)
        opened = duckdb.connect(str(before.file), read_only=True) if before else None
        try:
            found = why(
                connection, opened, spec, relations, key, on=on, against=against, inputs=inputs
            )
        finally:
            if opened:
                opened.close()
    if as_json:
        console.print_json(json.dumps(document(found, key), default=str))
    else:
        _print(found, key, console)


def _key(spec: ModelSpec, keys: Sequence[str]) -> dict[str, str]:
    """Read ``col=value`` for each column; of a key of one column the value alone will do."""
    if len(spec.score.key) == 1 and len(keys) == 1:
        column = spec.score.key[0]
        return {column: keys[0].removeprefix(f"{column}=")}
    return {name: value for name, _, value in (each.partition("=") for each in keys)}


def _date(day: str | None) -> date | None:
    try:
        return date.fromisoformat(day) if day else None
    except ValueError:
        raise UsageError(
            f"--date is '{day}'; allowed: a date as 2026-01-31", fix="leave it out for the newest"
        ) from None


def _release_before(
    project: Project, connection: duckdb.DuckDBPyConnection, spec: ModelSpec, key: Mapping[str, str]
) -> Release | None:
    """Return the newest release before the current one in which another run told of ``key``."""
    current, newest = project.warehouse.current_release(), run_of(connection, spec, key)
    earlier = [
        each
        for each in project.warehouse.releases()
        if current and each.number < current.number and each.fault() is None
    ]
    for each in earlier[:_SEARCHED]:
        with duckdb.connect(str(each.file), read_only=True) as opened:
            if run_of(opened, spec, key) not in (None, newest):
                return each
    return None


def _print(found: Why, key: Mapping[str, str], console: Console) -> None:
    now, before = found.now, found.before
    named = ", ".join(f"{name} {value}" for name, value in key.items())
    told = f" (of {found.explained})" if found.explained else ""
    console.print(f"{now.version.model}, {named}: {_told(now)}{told}", markup=False)
    if before:
        console.print(f"before: {_told(before)}", markup=False)
        _print_moved(found, console)
    else:
        console.print("no score of another run or an earlier date is there to compare with")
    console.print(_features(found))
    for line in _provenance(found):
        console.print(line, markup=False)
    console.print(f"next: goldloop models show {now.version.model}")


def _told(told: Told) -> str:
    score = f"{told.score:.4f}" if told.score is not None else f"{told.prediction:.6g}"
    class_ = f", told {told.prediction}" if told.score is not None else ""
    return f"{score}{class_} on {told.as_of_date} by {told.version.name}"


def _print_moved(found: Why, console: Console) -> None:
    table = Table("what moved it", "score", found.space or "")
    for name, of in (("before", "before"), ("the model", "model"), (found.cause, "data")):
        table.add_row(name, _number(found.score, of), _number(found.margin, of))
    table.add_row("now", _number(found.score, "now"), _number(found.margin, "now"))
    console.print(table)
    if found.changed_code:
        console.print(f"feature code that changed: {', '.join(found.changed_code)}", markup=False)
        inputs = found.changed_inputs
        told = "cannot be told" if inputs is None else ", ".join(inputs) or "none"
        console.print(f"tables they are made from that changed: {told}", markup=False)
    if found.lacking:
        lacking = ", ".join(found.lacking)
        console.print(f"features the row before did not have: {lacking}", markup=False)


def _number(parts: Parts | None, of: str) -> str:
    if parts is None:
        return ""
    value = getattr(parts, of)
    return f"{value:.4f}" if of in ("before", "now") else f"{value:+.4f}"


def _features(found: Why) -> Table:
    space = found.space or "not explained"
    table = Table("feature", "before", "now", f"adds now ({space})", "moved")
    if found.before is None:
        table = Table("feature", "value", f"adds ({space})")
    for each in found.features[:_SHOWN]:
        values = [_value(each.now), f"{each.effect:+.4f}"]
        if found.before is not None:
            values = [_value(each.before), *values, _change(each)]
        table.add_row(each.feature, *values)
    return table


def _change(moved: Moved) -> str:
    return f"{moved.moved:+.4f}" if moved.moved else ""


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def _provenance(found: Why) -> list[str]:
    return [_origin("now", found.now)] + ([_origin("before", found.before)] if found.before else [])


def _origin(when: str, told: Told) -> str:
    version, scoring = told.version, told.scoring
    code = scoring.code_version if scoring else "not recorded"
    return (
        f"{when}: scored {told.scored_at:%Y-%m-%d %H:%M} UTC by run {told.run_id}, code {code}; "
        f"{version.name} learnt from {version.train_relation}, data {version.data_hash[:12]}…, "
        f"release {version.release or 'none before'}, run {version.run_id}"
    )


def document(found: Why, key: Mapping[str, str]) -> dict[str, Any]:
    """Return the answer as JSON has it."""
    return {
        "model": found.now.version.model,
        "key": dict(key),
        "explained": found.explained,
        "space": found.space,
        "base": found.base,
        "now": _of(found.now),
        "before": _of(found.before) if found.before else None,
        "score": vars(found.score) if found.score else None,
        "margin": vars(found.margin) if found.margin else None,
        "retrained": found.retrained,
        "cause": found.cause if found.before else None,
        "changed_code": found.changed_code,
        "changed_inputs": found.changed_inputs,
        "lacking": found.lacking,
        "features": [vars(each) for each in found.features],
    }


def _of(told: Told) -> dict[str, Any]:
    moments: dict[str, date | datetime] = {
        "as_of_date": told.as_of_date,
        "scored_at": told.scored_at,
    }
    scoring = vars(told.scoring) if told.scoring else None
    return moments | {
        "prediction": told.prediction,
        "score": told.score,
        "version": told.version.name,
        "run_id": told.run_id,
        "data_hash": told.version.data_hash,
        "train_release": told.version.release,
        "train_run_id": told.version.run_id,
        "scoring": scoring,
    }
