"""The problem card: what a model is for and by what it is judged, and each change of it.

Criteria that move once results are known are how a bad model passes. Nothing forbids it; it is
written down.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duckdb import DuckDBPyConnection

from ml.spec import ModelSpec
from ml.tables import MODEL_VERSIONS, PROBLEM_CARDS, exists


@dataclass(frozen=True)
class Card:
    """One card of a model, as ``ml.problem_cards`` has it.

    ``changed`` has each key that differs from the card before, with the old and the new value;
    ``seen_versions`` is how many versions had been judged under that one.
    """

    model: str
    card: Mapping[str, Any]
    hash: str
    first_run: str
    seen_versions: int
    changed: Mapping[str, tuple[Any, Any]]
    recorded_at: datetime

    @property
    def warning(self) -> str | None:
        """What a person should know of it: that it was changed after results had been seen."""
        if not self.changed or not self.seen_versions:
            return None
        parts = (f"{key}: {_text(old)} → {_text(new)}" for key, (old, new) in self.changed.items())
        many = "1 version" if self.seen_versions == 1 else f"{self.seen_versions} versions"
        return (
            f"the problem card of {self.model} was changed on {self.recorded_at:%Y-%m-%d %H:%M} "
            f"UTC, after {many} had been judged under the one before: {'; '.join(parts)}"
        )


def record(conn: DuckDBPyConnection, spec: ModelSpec, run_id: str, now: datetime) -> Card:
    """Write down the card of ``spec`` if it is not the one last met; return it."""
    card = spec.problem.model_dump(mode="json", exclude_none=True)
    text = json.dumps(card, sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    known = cards(conn, spec.name)
    if known and known[-1].hash == digest:
        return known[-1]
    seen = _versions(conn, spec.name) - sum(each.seen_versions for each in known)
    changed = dict(_changes(known[-1].card, card)) if known else {}
    made = Card(spec.name, card, digest, run_id, seen if known else 0, changed, now)
    conn.execute(
        f"insert into {PROBLEM_CARDS.sql} "
        "(model, card, hash, first_run, seen_versions, changed, recorded_at) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        [made.model, text, digest, run_id, made.seen_versions]
        + [json.dumps(changed, ensure_ascii=False), now],
    )
    return made


def cards(conn: DuckDBPyConnection, model: str) -> list[Card]:
    """Return the cards of ``model``, the oldest first."""
    if not exists(conn, PROBLEM_CARDS):
        return []
    rows = conn.execute(
        "select model, card, hash, first_run, seen_versions, changed, recorded_at "
        f"from {PROBLEM_CARDS.sql} where model = ? order by rowid",
        [model],
    ).fetchall()
    return [
        Card(name, json.loads(card), digest, run, seen, json.loads(changed), at)
        for name, card, digest, run, seen, changed, at in rows
    ]


def _versions(conn: DuckDBPyConnection, model: str) -> int:
    found = conn.execute(
        f"select count(*) from {MODEL_VERSIONS.sql} where model = ?", [model]
    ).fetchone()
    return int(found[0]) if found else 0


def _changes(old: Any, new: Any, at: str = "") -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield each key that differs, dotted, with its old and its new value."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _changes(old.get(key), new.get(key), f"{at}.{key}" if at else key)
    elif isinstance(old, list) and isinstance(new, list):
        for place in range(max(len(old), len(new))):
            was, is_ = (each[place] if place < len(each) else None for each in (old, new))
            yield from _changes(was, is_, f"{at}[{place}]")
    elif old != new:
        yield at, (old, new)


def _text(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
