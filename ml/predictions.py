"""The table ``predictions.<model>``: its columns, and how rows get into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import WHOLE, Column, Columns, describe
from ml.errors import UsageError
from ml.provenance import Provenance
from ml.registry import ModelVersion
from ml.relation import Relation, quote
from ml.spec import ModelSpec
from ml.tables import PREDICTION_COLUMNS, PREDICTIONS_SCHEMA, create_table

# Types that go through Arrow and come back the same; all else is carried as text.
_CARRIED = (WHOLE - {"HUGEINT", "UHUGEINT"}) | {"VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP"}


@dataclass(frozen=True)
class Target:
    """Where the predictions of one version for one scored table go."""

    relation: Relation
    scored: Relation
    key: tuple[Column, ...]
    time: Column
    version: ModelVersion

    @property
    def types(self) -> dict[str, str]:
        """The columns of the table and their types."""
        own = {name: type_ for name, (type_, _) in PREDICTION_COLUMNS.items()}
        return {**{column.name: column.type for column in self.key}, **own, "prediction": self.told}

    @property
    def told(self) -> str:
        """The type of the prediction."""
        if self.version.task == "regression":
            return "DOUBLE"
        label = Column(self.version.label, self.version.label_type)
        return "VARCHAR" if label.kind == "text" else label.type

    @property
    def key_sql(self) -> list[str]:
        """The expressions by which the key and the date are read from the scored table."""
        keys = [
            column.sql if column.base in _CARRIED else f"cast({column.sql} as varchar)"
            for column in self.key
        ]
        return [*keys, f"cast({self.time.time_sql} as date)"]


def open_target(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    version: ModelVersion,
    scored: Relation,
    key: Sequence[Column],
    time: Column,
    schema: str = PREDICTIONS_SCHEMA,
) -> Target:
    """Return the table of the model's predictions in ``schema``, made if it is absent.

    Raises UsageError naming the columns in which a table that is there differs.
    """
    target = Target(Relation(schema, spec.name), scored, tuple(key), time, version)
    create_table(conn, target.relation, target.types)
    differing = _differences(describe(conn, target.relation), target.types)
    if differing:
        columns = ", ".join(f"{name} {type_}" for name, type_ in target.types.items())
        raise UsageError(
            f"{target.relation} has other columns than the predictions of ML model '{spec.name}': "
            f"{'; '.join(differing)}; allowed: {columns}",
            fix=f"declare these columns with these data types in the dbt source of "
            f"{target.relation}, or fix score.key in {spec.file}; then drop the table: "
            f"drop table {target.relation.sql}",
        )
    return target


def clear(conn: DuckDBPyConnection, target: Target) -> int:
    """Take out what this version told before of the rows now scored; returns how many."""
    new = ", ".join(f"{column.sql} as k{at}" for at, column in enumerate(target.key))
    same = [f"old.{column.sql} = new.k{at}" for at, column in enumerate(target.key)]
    date = f"cast({target.time.time_sql} as date) as as_of"
    deleted = conn.execute(
        f"delete from {target.relation.sql} as old using (select {new}, {date} "
        f"from {target.scored.sql}) as new where {' and '.join(same)} "
        "and old.as_of_date = new.as_of and old.model_version = ?",
        [target.version.version],
    ).fetchone()
    return int(deleted[0]) if deleted else 0


def write(
    conn: DuckDBPyConnection,
    target: Target,
    batch: pa.RecordBatch,
    provenance: Provenance,
    now: datetime,
) -> None:
    """Insert ``batch``: the columns of ``target.key_sql``, then ``prediction`` and ``score``."""
    names = [column.name for column in target.key]
    names += ["as_of_date", "prediction", "score"]
    names += ["model_name", "model_version", "run_id", "scored_at"]
    read = [
        f"cast({quote(found)} as {target.types[name]})"
        for found, name in zip(batch.schema.names, names, strict=False)
    ]
    # DuckDB finds the variable by its name. A registered view would keep the batch in memory until
    # the transaction ends, and with it every batch.
    goldloop_scored_batch = batch
    conn.execute(
        f"insert into {target.relation.sql} ({', '.join(map(quote, names))}) "
        f"select {', '.join(read)}, ?, ?, ?, ? from goldloop_scored_batch",
        [target.version.model, target.version.version, provenance.run_id, now],
    )
    del goldloop_scored_batch


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
    told += [f"'{name}' is not one of them" for name in found if name not in wanted]
    return told
