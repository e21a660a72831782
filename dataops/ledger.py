"""The ledger: what ran and what became of it, one event a line, appended and never changed.

It stands outside the releases, so that taking one back unwrites nothing. Any number of processes
append at once; one that is killed while it writes costs its own line and no other.
"""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dataops.disk import append
from dataops.landing.literal import PATHS, exact_paths
from ml.errors import PipelineError, UsageError
from ml.names import listed
from ml.relation import Relation, quote

VERSION = 1
TABLE = Relation("ops", "ledger")
MOST_CHARACTERS = 20_000

OUTCOMES = {
    "run": ("started", "succeeded", "failed", "cancelled", "died"),
    "asset": ("succeeded", "failed", "skipped"),
    "check": ("passed", "warned", "failed", "not_run"),
    "release": (
        "published",
        "quarantined",
        "rolled_back",
        "kept",
        "unkept",
        "pruned",
        "recovered",
    ),
    "sandbox": ("created", "built", "failed", "dropped"),
    "model": ("promoted", "retired", "rolled_back"),
}

# The keys of a line besides its version `v`, with the types DuckDB reads them as.
COLUMNS = {
    "kind": "VARCHAR",
    "outcome": "VARCHAR",
    "run": "VARCHAR",
    "parent": "VARCHAR",
    "release": "VARCHAR",
    "asset": "VARCHAR",
    "name": "VARCHAR",
    "started_at": "TIMESTAMP",
    "ended_at": "TIMESTAMP",
    "rows": "BIGINT",
    "bytes": "BIGINT",
    "cpu_seconds": "DOUBLE",
    "peak_memory_bytes": "BIGINT",
    "message": "VARCHAR",
    "details": "JSON",
    "recorded_at": "TIMESTAMP",
    "pid": "BIGINT",
}
# The table holds no JSON type: readers other than DuckDB know none.
_SELECTED = COLUMNS | {"details": "VARCHAR"}
TABLE_COLUMNS = {"place": "BIGINT"} | _SELECTED

_TIMES = ("started_at", "ended_at", "recorded_at")
_FILE = re.compile(r"\d{4}-\d{2}\.jsonl")

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Event:
    """One thing that happened; ``kind`` and ``outcome`` are a pair of ``OUTCOMES``.

    ``parent`` is the release the run started from, ``asset`` reads "schema.name", ``name`` says
    which check or sandbox. Times are aware and become UTC; ``details`` holds scalars. Text JSON
    cannot hold is replaced, texts are cut at ``MOST_CHARACTERS``, a number that is not finite is
    None. The writer sets ``recorded_at`` and ``pid``, which do not count when events are compared.

    Raises :class:`UsageError` for another kind, outcome, time or detail.
    """

    kind: str
    outcome: str
    run: str | None = None
    parent: str | None = None
    release: str | None = None
    asset: str | None = None
    name: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    rows: int | None = None
    bytes: int | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    message: str | None = None
    details: Mapping[str, Scalar] = field(default_factory=dict)
    recorded_at: datetime | None = field(default=None, compare=False)
    pid: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES.get(self.kind, ()):
            raise _no_such_outcome(self.kind, self.outcome)
        for each in fields(self):
            # The class is frozen for its users, not while it is made.
            object.__setattr__(self, each.name, _clean(each.name, getattr(self, each.name)))


@dataclass(frozen=True)
class Ledger:
    """The ledger in ``folder``: a file ``YYYY-MM.jsonl`` a month, which need not exist yet."""

    folder: Path

    @property
    def files(self) -> list[Path]:
        """The files, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if _FILE.fullmatch(path.name))

    def append(self, *events: Event, now: datetime | None = None) -> None:
        """Write ``events`` together and return when they are on the disk; ``now`` dates them.

        Raises :class:`PipelineError` when they cannot be written; none of them is then.
        """
        moment = (now or datetime.now(UTC)).astimezone(UTC)
        path = self.folder / f"{moment:%Y-%m}.jsonl"
        if not events:
            return
        try:
            append(path, b"".join(to_line(event, moment, os.getpid()) for event in events))
        except OSError as error:
            raise PipelineError(
                f"{path} cannot be written: {error.strerror or error}",
                fix=f"make room or allow writing in {self.folder}, then run again",
            ) from error

    def events(self, run: str | None = None, kind: str | None = None) -> Iterator[Event]:
        """Yield what was written, oldest first, of one run or kind if asked; torn lines are not."""
        # Cheap on bytes: most lines are of other runs.
        sought = [json.dumps(text).encode() for text in (run, kind) if text is not None]
        for _, _, line in self._lines():
            if all(text in line for text in sought):
                event = parse(line)
                if event and run in (None, event.run) and kind in (None, event.kind):
                    yield event

    def torn(self) -> list[tuple[Path, int]]:
        """Return file and number, from 1, of each line that is no event of this version."""
        return [(path, number) for path, number, line in self._lines() if parse(line) is None]

    def load(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Replace table ``ops.ledger`` of the connection's database by what was written so far."""
        connection.execute(f"create schema if not exists {quote(TABLE.schema)}")
        files = self.files
        if not files:
            typed = ", ".join(f"{quote(name)} {type_}" for name, type_ in TABLE_COLUMNS.items())
            connection.execute(f"create or replace table {TABLE.sql} ({typed})")
            return
        read = ", ".join(f"{quote(name)}: '{type_}'" for name, type_ in COLUMNS.items())
        selected = ", ".join(
            f"cast({quote(name)} as {type_}) as {quote(name)}" for name, type_ in _SELECTED.items()
        )
        # A torn line becomes a row of nulls.
        connection.execute(
            f"create or replace table {TABLE.sql} as "
            f"select row_number() over () as place, {selected} "
            f"from read_json({PATHS}, format = 'newline_delimited', ignore_errors = true, "
            "compression = 'uncompressed', hive_partitioning = false, "
            f"columns = {{v: 'INTEGER', {read}}}) "
            f"where v = {VERSION} and kind is not null and outcome is not null",
            [exact_paths(str(path.absolute()) for path in files)],
        )

    def _lines(self) -> Iterator[tuple[Path, int, bytes]]:
        for path in self.files:
            with path.open("rb") as stream:
                for number, line in enumerate(stream, start=1):
                    if line.strip():
                        yield path, number, line


def to_line(event: Event, recorded_at: datetime, pid: int) -> bytes:
    """Return an event as its line, which ends with the one line end in it; nulls are left out."""
    document: dict[str, Any] = {"v": VERSION}
    stamps = {"recorded_at": recorded_at, "pid": pid}
    for name in COLUMNS:
        value = stamps.get(name, getattr(event, name))
        if isinstance(value, datetime):
            value = value.isoformat(timespec="microseconds").replace("+00:00", "Z")
        if value is not None and value != {}:
            document[name] = value
    # ASCII only: no cut can leave half a character behind.
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def _clean(name: str, value: Any) -> Any:
    """Return a field's value as a line can hold it."""
    if name == "details":
        return {_plain(key): _scalar(key, each) for key, each in value.items()}
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UsageError(
                f"{name} of an event is {value}, without a time zone", fix="pass it in UTC"
            )
        return value.astimezone(UTC)
    return _plain(value)


def _scalar(key: str, value: Any) -> Scalar:
    if not isinstance(value, Scalar):
        raise UsageError(
            f"detail '{key}' of an event is a {type(value).__name__}",
            fix="pass a text, a number, a truth value or None",
        )
    plain: Scalar = _plain(value)
    return plain


def _plain(value: Any) -> Any:
    """Return a text that is not too long and that JSON can hold, a number if it is finite."""
    if isinstance(value, str):
        value = value.encode("utf-8", "replace").decode()
        more = len(value) - MOST_CHARACTERS
        # What is cut once is not too long, lest it be cut again when it is read.
        end = f" … ({more} more characters)"
        return value[: MOST_CHARACTERS - len(end)] + end if more > 0 else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _no_such_outcome(kind: str, outcome: str) -> UsageError:
    if kind not in OUTCOMES:
        return UsageError(
            f"'{kind}' is no kind of event", fix=f"write one of: {listed(kind, OUTCOMES)}"
        )
    return UsageError(
        f"'{outcome}' is no outcome of kind '{kind}'",
        fix=f"write one of: {listed(outcome, OUTCOMES[kind])}",
    )


def parse(line: bytes) -> Event | None:
    """Return the event of a line; None for a torn one and for one of another version."""
    try:
        found = json.loads(line)
        if found["v"] != VERSION:
            return None
        known = {name: found[name] for name in COLUMNS if found.get(name) is not None}
        for name in known.keys() & set(_TIMES):
            known[name] = datetime.fromisoformat(known[name])
        return Event(**known)
    except (ValueError, TypeError, KeyError, AttributeError, UsageError):
        return None
