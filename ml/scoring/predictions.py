"""The table ``predictions.<model>``: its columns, and how rows get into it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import WHOLE, Column, Columns, describe
from ml.errors import UsageError
from ml.relation import Relation, quote
from ml.spec import ModelSpec
from ml.tables import (
    FEATURE_COLUMNS,
    FEATURES_HASH,
    PREDICTION_COLUMNS,
    PREDICTIONS_SCHEMA,
    add_columns,
    create_table,
    is_reason,
    reason_columns,
)
from ml.versions.provenance import Provenance
from ml.versions.registry import ModelVersion

STATEMENT_BATCHES = 2
# What says by whom a prediction was made, with the types; the last columns of each.
MADE_BY = {
    name: PREDICTION_COLUMNS[name][0]
    for name in ("model_name", "model_version", "run_id", "scored_at")
}
# Types that go through Arrow and come back the same; all else is carried as text.
_CARRIED = (WHOLE - {"HUGEINT", "UHUGEINT"}) | {"VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP"}


@dataclass(frozen=True)
class Target:
    """Where the predictions of one version for one scored table go, with how many reasons each.

    ``written`` are the columns of what is told, with their types. ``features`` are the expressions
    of what the version reads. With ``incremental`` each prediction has their hash beside it, and
    with ``remembers`` there are some to compare with; with ``as_feature`` it has
    :attr:`feature_types` besides. ``replaced_sql`` is the query of the keys and dates, as k0, k1 …
    and as_of, whose predictions by this version make room; those of the rows scored unless given.
    """

    relation: Relation
    scored: Relation
    key: tuple[Column, ...]
    time: Column
    version: ModelVersion
    written: Mapping[str, str]
    features: tuple[str, ...] = ()
    reasons: int = 0
    incremental: bool = False
    remembers: bool = False
    as_feature: bool = False
    replaced_sql: str | None = None

    @property
    def types(self) -> dict[str, str]:
        """The columns of the table and their types."""
        keys = {column.name: column.type for column in self.key}
        added = {**reason_columns(self.reasons), **self.feature_types}
        return {**keys, "as_of_date": "date", **self.written, **MADE_BY, **added}

    @property
    def feature_types(self) -> dict[str, str]:
        """The columns of what may be a feature and their types, none where it is not asked for."""
        if not self.as_feature:
            return {}
        told = self.written["prediction"]
        return {name: type_ or told for name, (type_, _) in FEATURE_COLUMNS.items()}

    @property
    def key_sql(self) -> list[str]:
        """The expressions by which the key and the date are read from the scored table."""
        keys = [
            column.sql if column.base in _CARRIED else f"cast({column.sql} as varchar)"
            for column in self.key
        ]
        return [*keys, f"cast({self.time.time_sql} as date)"]

    @property
    def hash_sql(self) -> str:
        """The expression of the hash of what a prediction is made of, and of what it tells.

        It misses one change in 2 ** 64.
        """
        # The row's time, too, decides which of the earlier models tells.
        told = [str(self.reasons), *(["'as_feature'", *self.moment_sql] if self.as_feature else ())]
        return f"hash({', '.join([*self.features, *told])})"

    @property
    def moment_sql(self) -> list[str]:
        """The expression of the row's time in microseconds, where an earlier model is to tell."""
        return [f"epoch_us({self.time.time_sql})"] if self.as_feature else []

    @property
    def rows_sql(self) -> str:
        """The query of the rows to score.

        The columns are ``key_sql``, the features and ``moment_sql`` as c0, c1 …, and features_hash
        if the target is incremental.
        """
        asked = [*self.key_sql, *self.features, *self.moment_sql]
        named = [f"{sql} as c{at}" for at, sql in enumerate(asked)]
        if not self.incremental:
            return f"select {', '.join(named)} from {self.scored.sql}"
        named.append(f"{self.hash_sql} as {FEATURES_HASH}")
        if not self.remembers:
            return f"select {', '.join(named)} from {self.scored.sql}"
        keys = [f"{column.sql} as k{at}" for at, column in enumerate(self.key)]
        same = [f"old.{column.sql} = new.k{at}" for at, column in enumerate(self.key)]
        same += [f"old.as_of_date = new.c{len(keys)}", f"old.{FEATURES_HASH} = new.{FEATURES_HASH}"]
        return (
            f"select new.* exclude ({', '.join(f'k{at}' for at in range(len(keys)))}) "
            f"from (select {', '.join(named + keys)} from {self.scored.sql}) as new "
            f"anti join ({self._standing_sql}) as old on {' and '.join(same)}"
        )

    @property
    def _standing_sql(self) -> str:
        """The query of what the version told, where no other version has told since."""
        version = self.version.version
        names = [*(column.sql for column in self.key), "as_of_date"]
        since = " and ".join(f"later.{name} = old.{name}" for name in names)
        return (
            f"select * from {self.relation.sql} as old where model_version = {version} "
            f"and not exists (select 1 from {self.relation.sql} as later where {since} "
            f"and later.model_version <> {version} and later.scored_at >= old.scored_at)"
        )


def open_target(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    version: ModelVersion,
    scored: Relation,
    key: Sequence[Column],
    time: Column,
    features: Sequence[str],
    written: Mapping[str, str],
    schema: str = PREDICTIONS_SCHEMA,
) -> Target:
    """Return the table of the model's predictions in ``schema``, made if it is absent.

    ``features`` are the expressions of what the version reads, ``written`` the columns of what it
    tells with their types. A table that is scored incrementally gets the column of their hash.
    Columns for reasons and for what may be a feature are added where they are missing, and stay
    when they are asked no more.

    Raises UsageError naming the columns in which a table that is there differs.
    """
    target = Target(
        Relation(schema, spec.name), scored, tuple(key), time, version, written, tuple(features),
        reasons=spec.score.explain.top if spec.score.explain else 0,
        incremental=spec.score.incremental, as_feature=spec.score.as_feature is not None,
    )  # fmt: skip
    return _made(conn, spec, target)


def _made(conn: DuckDBPyConnection, spec: ModelSpec, target: Target) -> Target:
    """Make the table of ``target``, or the columns it lacks; see :func:`open_target`."""
    relation = target.relation
    create_table(conn, relation, target.types)
    add_columns(conn, relation, {**reason_columns(target.reasons), **target.feature_types})
    found = describe(conn, relation)
    _check_columns(spec, target, found)
    if target.incremental and FEATURES_HASH not in found:
        conn.execute(f"alter table {relation.sql} add column {FEATURES_HASH} ubigint")
    return replace(target, remembers=target.incremental and FEATURES_HASH in found)


def labelled_columns(version: ModelVersion) -> dict[str, str]:
    """Return the columns of what ``version``, which learnt a label, tells, with their types."""
    told = "DOUBLE"
    if version.task == "classification" and version.label and version.label_type:
        label = Column(version.label, version.label_type)
        told = "VARCHAR" if label.kind == "text" else label.type
    return {"prediction": told, "score": "double"}


def _check_columns(spec: ModelSpec, target: Target, found: Columns) -> None:
    differing = _differences(found, target.types)
    if differing:
        columns = ", ".join(f"{name} {type_}" for name, type_ in target.types.items())
        raise UsageError(
            f"{target.relation} has other columns than the predictions of ML model '{spec.name}': "
            f"{'; '.join(differing)}; allowed: {columns}",
            fix=f"declare these columns with these data types in the dbt source of "
            f"{target.relation}, or fix score.key in {spec.file}; then drop the table: "
            f"drop table {target.relation.sql}",
        )


def clear(conn: DuckDBPyConnection, target: Target) -> int:
    """Take out what this version told before of the rows now scored; returns how many."""
    version = target.version.version
    there = f"select 1 from {target.relation.sql} where model_version = ? limit 1"
    if not conn.execute(there, [version]).fetchone():
        return 0
    # What stays is what `rows_sql` passes over: it is asked before anything is taken out.
    place = [f"k{at}" for at in range(len(target.key))] + ["as_of"]
    keys = ", ".join(f"{column.sql} as k{at}" for at, column in enumerate(target.key))
    new = f"select {keys}, cast({target.time.time_sql} as date) as as_of from {target.scored.sql}"
    if target.replaced_sql is not None:
        new = target.replaced_sql
    elif target.remembers:
        names = ", ".join(f"c{at} as {name}" for at, name in enumerate(place))
        new = f"select {names} from ({target.rows_sql})"
    same = [f"old.{column.sql} = new.k{at}" for at, column in enumerate(target.key)]
    deleted = conn.execute(
        f"delete from {target.relation.sql} as old using ({new}) as new "
        f"where {' and '.join(same)} and old.as_of_date = new.as_of and old.model_version = ?",
        [version],
    ).fetchone()
    return int(deleted[0]) if deleted else 0


def write(
    conn: DuckDBPyConnection,
    target: Target,
    batches: Iterable[pa.RecordBatch],
    provenance: Provenance,
    now: datetime,
) -> int:
    """Insert ``batches``, a few at a time; return how many rows.

    Their columns are those of ``target.key_sql``, then those of ``target.written``, the reasons,
    what may be a feature, then ``features_hash`` if the target is incremental.
    """
    values = [target.version.model, target.version.version, provenance.run_id, now]
    batches, rows = iter(batches), 0
    # One statement over all of them would keep every batch until it ends, 30 bytes a row; one for
    # each would be written by one thread.
    while some := list(islice(batches, STATEMENT_BATCHES)):
        rows += _insert(conn, target, pa.Table.from_batches(some), values)
        # Else these batches would be kept while the next ones are waited for.
        del some
    return rows


def _insert(
    conn: DuckDBPyConnection, target: Target, goldloop_scored: pa.Table, values: Sequence[object]
) -> int:
    """Insert the rows of ``goldloop_scored``, which DuckDB finds by its name; return how many.

    A function of its own, for DuckDB leaves a copy of its caller's variables with the caller.
    """
    conn.execute(_insert_sql(target, goldloop_scored.column_names), values)
    return int(goldloop_scored.num_rows)


def _insert_sql(target: Target, found: Sequence[str]) -> str:
    """Return the insert of what is named ``found`` in ``goldloop_scored``, the rest as values."""
    names = [column.name for column in target.key]
    names += ["as_of_date", *target.written, *reason_columns(target.reasons)]
    names += target.feature_types
    names += [FEATURES_HASH] if target.incremental else []
    types = {**target.types, FEATURES_HASH: "ubigint"}
    read = [
        f"cast({quote(column)} as {types[name]})" for column, name in zip(found, names, strict=True)
    ]
    names += MADE_BY
    return (
        f"insert into {target.relation.sql} ({', '.join(map(quote, names))}) "
        f"select {', '.join(read)}, ?, ?, ?, ? from goldloop_scored"
    )


def _differences(found: Columns, wanted: Mapping[str, str]) -> list[str]:
    """Return in words how the columns ``found`` differ from those ``wanted``."""
    told = []
    for name, type_ in wanted.items():
        want = Column(name, type_.upper() if type_.islower() else type_)
        have = found.get(name)
        if have is None:
            told.append(f"'{name}' is missing")
        elif have.type != want.type and not {have.base, want.base} <= WHOLE:
            told.append(f"'{name}' is {have.type}, not {want.type}")
    # Who asked for them once, and does so no longer, keeps the columns.
    kept = {*wanted, FEATURES_HASH, *FEATURE_COLUMNS}
    unknown = (name for name in found if name not in kept and not is_reason(name))
    told += [f"'{name}' is not one of them" for name in unknown]
    return told
