"""The account of synthetic sets: what was made, from whom, and what it is worth."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Source, describe
from ml.data.checks import content_hash
from ml.data.made_up import known_again
from ml.relation import Relation, quote
from ml.synthetic.report import Line
from ml.synthetic.table import Real
from ml.synthetic.tables import REPORTS, SEEN, SETS
from ml.synthetic.writing import is_as_made
from ml.tables import exists

_MANY = "synthetic_lines"


@dataclass(frozen=True)
class Made:
    """A version of a synthetic set; ``reason`` says why it is not good, None for a good one."""

    set: str
    version: int
    relation: Relation
    train_relation: str
    key: tuple[str, ...]
    rows: int
    learnt_rows: int
    held_rows: int
    leaf: int
    seed: int
    columns: tuple[str, ...]
    left_out: Mapping[str, str]
    rare: int
    reason: str | None
    content: str
    reused: bool = field(default=False, compare=False)

    @property
    def copies(self) -> bool:
        """Whether it copies real people."""
        return self.reason is not None

    def again(self) -> "Made":
        """Return the same as one that was there before."""
        return replace(self, reused=True)


def versions(conn: DuckDBPyConnection) -> list[Made]:
    """Return the last version of every set, by name; none where nothing was ever made."""
    if not exists(conn, SETS):
        return []
    found = conn.execute(
        f"select * from {SETS.sql} qualify row_number() over "
        '(partition by "set" order by version desc) = 1 order by "set"'
    )
    names = [column[0] for column in found.description]
    return [_made(dict(zip(names, row, strict=True))) for row in found.fetchall()]


def last(conn: DuckDBPyConnection, name: str) -> Made | None:
    """Return the last version of the set ``name``, None without one."""
    return next((each for each in versions(conn) if each.set == name), None)


def fingerprint_of(conn: DuckDBPyConnection, made: Made) -> str | None:
    """Return the hash of all that decided what came out."""
    row = conn.execute(
        f'select fingerprint from {SETS.sql} where "set" = ? and version = ?',
        [made.set, made.version],
    ).fetchone()
    return row[0] if row else None


def intact(conn: DuckDBPyConnection, made: Made) -> bool:
    """Whether the rows that stand in its table are those that were made and judged."""
    if not is_as_made(conn, made.relation):
        return False
    columns = describe(conn, made.relation)
    source = Source(made.set, made.relation, columns)
    values = [column for name, column in columns.items() if name != "synthetic_version"]
    return content_hash(conn, source, values) == made.content


def lines(conn: DuckDBPyConnection, made: Made) -> list[dict[str, Any]]:
    """Return the report of a version, a mapping a line."""
    found = conn.execute(
        f'select * from {REPORTS.sql} where "set" = ? and version = ? '
        "order by part, column_name nulls first, other_column nulls first, metric",
        [made.set, made.version],
    )
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def keep(
    conn: DuckDBPyConnection,
    made: Made,
    known_by: Mapping[str, Any],
    told: Sequence[Line],
    real: Real,
) -> None:
    """Write down a version, its report, and the rows it was made from."""
    row = {
        "set": made.set,
        "version": made.version,
        "relation": str(made.relation),
        "train_relation": made.train_relation,
        "key": json.dumps(made.key),
        "rows": made.rows,
        "learnt_rows": made.learnt_rows,
        "held_rows": made.held_rows,
        "leaf": made.leaf,
        "seed": made.seed,
        "columns": json.dumps(made.columns, ensure_ascii=False),
        "left_out": json.dumps(dict(made.left_out), ensure_ascii=False),
        "rare": made.rare,
        "copies": made.copies,
        "reason": made.reason,
        "content": made.content,
        **known_by,
    }
    _insert(conn, SETS, [row])
    _insert(conn, REPORTS, [_line(made, each) for each in told])
    conn.execute(f'delete from {SEEN.sql} where "set" = ?', [made.set])
    _remember(conn, made, real)


def _remember(conn: DuckDBPyConnection, made: Made, real: Real) -> None:
    """Keep the hashes of the rows learnt from: none of them may judge what learns of these."""
    rows, columns = real.parts.learnt, {}
    for at, values in enumerate(rows.segments.columns if rows.segments else ()):
        columns[f"k{at}"] = values
    keys = list(columns)
    if rows.times is not None:
        columns["t"] = pa.array(rows.times)
    hashed = known_again(keys, "t" if rows.times is not None else None)
    conn.register(_MANY, pa.table(columns))
    try:
        conn.execute(
            f'insert into {SEEN.sql} ("set", "row") select ?, {hashed} from {_MANY}', [made.set]
        )
    finally:
        conn.unregister(_MANY)


def _line(made: Made, line: Line) -> dict[str, Any]:
    return {
        "set": made.set,
        "version": made.version,
        "part": line.part,
        "metric": line.metric,
        "column_name": line.column_name,
        "other_column": line.other_column,
        "value": line.value.value,
        "low": line.value.low,
        "high": line.value.high,
        "real": line.real.value,
        "real_low": line.real.low,
        "real_high": line.real.high,
        "rows": line.rows,
    }


def _insert(conn: DuckDBPyConnection, relation: Relation, rows: Sequence[dict[str, Any]]) -> None:
    names = list(rows[0])
    table = pa.table({name: pa.array([row[name] for row in rows]) for name in names})
    conn.register(_MANY, table)
    try:
        columns = ", ".join(map(quote, names))
        conn.execute(f"insert into {relation.sql} ({columns}) select {columns} from {_MANY}")
    finally:
        conn.unregister(_MANY)


def _made(row: Mapping[str, Any]) -> Made:
    schema, _, name = row["relation"].partition(".")
    kept = {each: row[each] for each in (
        "set", "version", "train_relation", "rows", "learnt_rows", "held_rows", "leaf", "seed",
        "rare", "reason", "content",
    )}  # fmt: skip
    return Made(
        relation=Relation(schema, name),
        key=tuple(json.loads(row["key"])),
        columns=tuple(json.loads(row["columns"])),
        left_out=json.loads(row["left_out"]),
        **kept,
    )
