"""Whether a run trains: what ``retrain`` declares, held against what is there; and the record."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from ml.columns import Source, find
from ml.data.checks import content_hash, utc
from ml.data.feature_choice import choose_features
from ml.data.features import Encoder
from ml.declaration.tasks import RULES
from ml.declaration.watching import Retrain, Trigger
from ml.monitoring.keeping import insert
from ml.monitoring.standing import standing_reasons
from ml.monitoring_tables import DRIFT, PERFORMANCE, RETRAININGS
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.tables import create_tables
from ml.versions import registry
from ml.versions.registry import ModelVersion

POLICY, HAND = "policy", "hand"


@dataclass(frozen=True)
class Retraining:
    """Whether a run is to train, why or why not, and by what it was decided."""

    is_trained: bool
    reason: str
    by: str = POLICY


def decide(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    *,
    by_hand: bool,
    now: datetime,
) -> Retraining | None:
    """Return whether ``spec`` is to be trained; None where nothing is declared of it.

    A training asked for by hand, a model without a champion, a declaration and features that have
    changed train whatever is declared, within the cool-down, too. Raises what
    :func:`ml.columns.find` and :func:`ml.data.feature_choice.choose_features` raise.
    """
    if spec.retrain is None:
        return None
    versions = registry.versions(conn, spec.name)
    calls = _changed(conn, spec, relations, versions)
    if by_hand:
        told = calls or _called(conn, spec, spec.retrain, relations, versions[0], now).reason
        return Retraining(True, f"asked for by hand; by itself: {told}", HAND)
    if calls:
        return Retraining(True, calls)
    return _called(conn, spec, spec.retrain, relations, versions[0], now)


def _changed(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    versions: Sequence[ModelVersion],
) -> str | None:
    """Return what people have changed since the newest of ``versions``, None for nothing."""
    if not any(each.status == "champion" for each in versions):
        return "there is no champion"
    last = versions[0]
    if _declared(last.spec) != _declared(spec.model_dump_json(exclude_none=True)):
        return f"the declaration is not that of {last.name}"
    if not RULES[spec.task].features:
        return None
    source = find(conn, relations, spec.train.on, "train.on", spec.file)
    now = {(each.name, each.type, each.expression) for each in choose_features(conn, source, spec)}
    before = {
        (each.name, each.type, each.sql) for each in Encoder.from_json(last.features).features
    }
    names = sorted({name for name, *_ in now ^ before})
    return f"features are not those of {last.name}: {', '.join(names)}" if names else None


def record(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    decided: Retraining,
    version: ModelVersion | None,
    run_id: str,
    now: datetime,
) -> None:
    """Write down what was ``decided`` in the run, and the version it came to."""
    create_tables(conn)
    conn.execute(
        f"delete from {RETRAININGS.sql} where model = ? and run_id = ?", [spec.name, run_id]
    )
    row = {
        "model": spec.name,
        "run_id": run_id,
        "decided_at": utc(now),
        "is_trained": decided.is_trained,
        "reason": decided.reason,
        "by": decided.by,
        "version": version.version if version and decided.is_trained else None,
    }
    insert(conn, RETRAININGS, [row])


def _called(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    retrain: Retrain,
    relations: Mapping[str, Relation],
    last: ModelVersion,
    now: datetime,
) -> Retraining:
    """Return what the policies say since ``last``, the newest version, was trained."""
    source = find(conn, relations, spec.train.on, "train.on", spec.file)
    met = [why for each in retrain.when for why in _met(conn, spec, each, source, last)]
    if not met:
        names = ", ".join(each.told for each in retrain.when)
        return Retraining(False, f"none of retrain.when is met since {last.name}: {names}")
    until = last.created_at + timedelta(seconds=retrain.cooldown_seconds)
    if utc(now) < until:
        return Retraining(
            False,
            f"{'; '.join(met)}; but {last.name} was trained less than {retrain.cooldown} ago, "
            f"not before {until:%Y-%m-%d %H:%M} UTC",
        )
    return Retraining(True, "; ".join(met))


def _met(
    conn: DuckDBPyConnection, spec: ModelSpec, trigger: Trigger, source: Source, last: ModelVersion
) -> Iterator[str]:
    """Yield why ``trigger`` calls for a training, nothing if it does not."""
    if trigger.name == "data_changed":
        if content_hash(conn, source, list(source.columns.values())) != last.data_hash:
            yield f"data_changed: {source.relation} is not what {last.name} learnt from"
    elif trigger.name == "new_labels":
        added = _rows(conn, source) - last.data_rows
        if added >= (trigger.rows or 0):
            yield f"new_labels: {added:,} rows more than {last.name} learnt from"
    else:
        told = (
            _alarms(conn, DRIFT, "role || ' ' || column_name || ': ' || reason", last)
            if trigger.name == "drift"
            else _alarms(conn, PERFORMANCE, "reason", last)
        )
        if told:
            more = f" and {len(told) - 1} more" if len(told) > 1 else ""
            yield f"{trigger.name}: {told[0]}{more}"


def _alarms(
    conn: DuckDBPyConnection, relation: Relation, said: str, last: ModelVersion
) -> list[str]:
    """Return the alarms of the last window of the champion, if ``last`` has not come after them."""
    champion = registry.champion(conn, last.model)
    create_tables(conn)
    return standing_reasons(conn, relation, said, champion, last.created_at) if champion else []


def _rows(conn: DuckDBPyConnection, source: Source) -> int:
    row = conn.execute(f"select count(*) from {source.relation.sql}").fetchone()
    return row[0] if row else 0


def _declared(spec: str) -> dict[str, Any]:
    """Return what of a declaration, as JSON, decides a training."""
    known = json.loads(spec)
    problem = {
        name: value
        for name, value in known["problem"].items()
        if name not in ("question", "decision")
    }
    parts = {name: known.get(name) for name in ("train", "estimator", "tune", "evaluate")}
    return {**parts, "problem": problem, "as_feature": known["score"].get("as_feature")}
