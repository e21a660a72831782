"""Rows left out because a photo of theirs cannot be read: named, told, kept in the warehouse."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from ml.columns import Column
from ml.relation import Relation, quote
from ml.tables import LEFT_OUT, MODEL_VERSIONS, SCORINGS, exists


@dataclass(frozen=True)
class LeftOut:
    """A row left out: the values of its ``key``, the ``feature``, what is wrong, what to do."""

    key: Mapping[str, str]
    feature: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        named = ", ".join(f"{name} {value}" for name, value in self.key.items())
        return f"'{self.feature}' of {named}: {self.reason} — {self.remedy}"


def hash_sql(column: Column) -> str:
    """Return the expression of the key of a photo, null for none."""
    return f"sha256({column.feature_sql})"


def keep_left_out(
    conn: DuckDBPyConnection,
    model: str,
    version: int,
    run_id: str,
    relation: Relation,
    rows: Sequence[LeftOut],
    now: datetime,
) -> None:
    """Keep which ``rows`` of ``relation`` run ``run_id`` left out; a second time in their place."""
    conn.execute(
        f"delete from {LEFT_OUT.sql} where run_id = ? and model = ? and version = ? "
        "and relation = ?",
        [run_id, model, version, str(relation)],
    )
    kept = [
        [model, version, run_id, str(relation), json.dumps(dict(each.key), ensure_ascii=False),
         each.feature, each.reason, each.remedy, now]
        for each in rows
    ]  # fmt: skip
    if kept:
        names = ("model", "version", "run_id", "relation", "key", "feature", "reason", "remedy")
        columns = ", ".join(map(quote, (*names, "left_out_at")))
        marks = ", ".join("?" * (len(names) + 1))
        conn.executemany(f"insert into {LEFT_OUT.sql} ({columns}) values ({marks})", kept)


def told(conn: DuckDBPyConnection, run_id: str, model: str) -> str | None:
    """Say how many rows run ``run_id`` left out for ``model``, and the first; None for none."""
    if not exists(conn, LEFT_OUT):
        return None
    rows = conn.execute(
        "select relation, key, feature, reason, remedy, count(*) over (partition by relation) "
        f"from {LEFT_OUT.sql} where run_id = ? and model = ? "
        "qualify row_number() over (partition by relation order by key) = 1 order by relation",
        [run_id, model],
    ).fetchall()
    said = []
    for relation, key, feature, reason, remedy, many in rows:
        first = LeftOut(json.loads(key), feature, reason, remedy)
        rows_said = "1 row" if many == 1 else f"{many:,} rows"
        said.append(f"{rows_said} of {relation} left out: {first} (all: {LEFT_OUT})")
    return "; ".join(said) or None


def latest(conn: DuckDBPyConnection, model: str) -> list[str]:
    """Say what the last training and the last scoring of ``model`` left out, nothing for none."""
    if not exists(conn, LEFT_OUT):
        return []
    runs = conn.execute(
        "select run_id from (select run_id, created_at as moment, 1 as what "
        f"from {MODEL_VERSIONS.sql} where model = ? union all "
        f"select run_id, scored_at, 2 from {SCORINGS.sql} where model = ?) "
        "qualify row_number() over (partition by what order by moment desc) = 1 order by what",
        [model, model],
    ).fetchall()
    said = (told(conn, run, model) for run in dict.fromkeys(run for (run,) in runs))
    return [each for each in said if each]
