"""The training set: held against the declaration, checked, read from the warehouse by Arrow."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from ml.columns import WHOLE, Column, Source, find
from ml.data.checks import Grain, check_rows, class_names
from ml.data.feature_choice import choose_features
from ml.data.made_up import find_made_up, known_again
from ml.data.marks import find_mark, mark_sql
from ml.data.photo_rows import keys_of, left_out, read_photos
from ml.data.side_by_side import side_by_side
from ml.data.transform import worked_out
from ml.errors import PipelineError, UsageError
from ml.images.left_out import LeftOut, hash_sql
from ml.relation import Relation
from ml.spec import ModelSpec

_SORTED = (WHOLE - {"HUGEINT", "UHUGEINT"}) | {"VARCHAR", "DOUBLE", "FLOAT", "BOOLEAN"}


@dataclass(frozen=True)
class TrainingSet:
    """A training set found good; ``classes`` are text in the label's order, none for a number.

    ``label`` is None where the task has none; then there are no classes either.
    ``grouped`` are the columns of ``split.group``, ``marked`` is that of ``split.column``,
    ``segments`` are those by whose values metrics are told apart, ``made_up`` that of
    ``train.synthetic``.
    """

    source: Source
    grain: Grain
    label: Column | None
    features: tuple[Column, ...]
    rows: int
    classes: tuple[str, ...]
    grouped: tuple[Column, ...] = ()
    marked: Column | None = None
    segments: tuple[Column, ...] = ()
    made_up: Column | None = None

    @property
    def label_name(self) -> str:
        """The name of the label, empty where there is none."""
        return self.label.name if self.label else ""


@dataclass(frozen=True)
class Rows:
    """Rows of a training set, in the order of key and time: those ``at`` positions of ``table``.

    ``table`` has a column a feature, numbers with NaN for null; it is shared by all that are taken
    from it. ``labels`` [rows] are class positions or numbers, 0 where there is no label, ``times``
    [rows] microseconds, None without a time column. ``groups`` [rows] is equal where the columns of
    ``split.group`` are, ``marks`` [rows] true where ``split.column`` says to hold out, and
    ``segments`` has a column of text a segment column, by its name. ``made_up`` [rows] is true
    where ``train.synthetic`` says so, and ``known`` [rows] is the hash by which such a row's
    origins are known again. None where not declared.

    Of photos ``table`` has lists of descriptors. ``photos`` [rows, columns] is equal where a photo
    is, ``keys`` are the key of the row at each position of ``table``, and ``left_out`` are rows
    that are none of these, for a photo of theirs cannot be read.
    """

    table: pa.Table
    at: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64] | npt.NDArray[np.float64]
    times: npt.NDArray[np.int64] | None
    groups: npt.NDArray[np.int64] | None = None
    marks: npt.NDArray[np.bool_] | None = None
    segments: pa.Table | None = None
    photos: npt.NDArray[np.int64] | None = None
    keys: Sequence[Mapping[str, str]] = ()
    left_out: tuple[LeftOut, ...] = ()
    made_up: npt.NDArray[np.bool_] | None = None
    known: npt.NDArray[np.uint64] | None = None

    @property
    def real(self) -> "Rows":
        """These rows without those made up."""
        return self if self.made_up is None else self.take(np.flatnonzero(~self.made_up))

    @cached_property
    def features(self) -> pa.Table:
        """The features of these rows alone, a column each, copied out of ``table`` once."""
        return self.table.take(self.at)

    def take(self, at: npt.NDArray[np.int64]) -> "Rows":
        """Return the rows at the positions ``at`` of these."""
        parts = {each.name: getattr(self, each.name) for each in fields(self)}
        taken = {
            name: part.take(at) if name == "segments" else part[at]
            for name, part in parts.items()
            if name not in ("table", "keys", "left_out") and part is not None
        }
        return replace(self, **taken)


def find_training_set(
    conn: DuckDBPyConnection, spec: ModelSpec, relations: Mapping[str, Relation], now: datetime
) -> TrainingSet:
    """Return the training set that ``spec`` declares.

    Raises UsageError where the declaration does not fit the table, PipelineError where the rows
    cannot be learnt from.
    """
    train, file = spec.train, spec.file
    source = find(conn, relations, train.on, "train.on", file)
    key = [source.column(name, "train.key", file) for name in train.key]
    time = source.time(train.time, "train.time", file) if train.time else None
    guard = train.leak_guard
    for where, names in (("train.known", train.known), ("train.leak_guard.future", guard.future)):
        for name in names:
            source.time(name, where, file)
    label = _label(source, spec, train.label) if train.label else None
    grain = Grain(key, time)
    features = choose_features(conn, source, spec)
    grouped = tuple(source.column(name, "train.split.group", file) for name in train.split.group)
    marked, made_up = find_mark(conn, source, spec), find_made_up(conn, source, spec)
    rows = check_rows(conn, source, grain, now)
    if rows == 0:
        raise PipelineError(
            f"{source.relation} is empty; ML model '{spec.name}' has nothing to learn from",
            fix=f"load its sources and build it: dbt build --select +{source.dbt_name}",
        )
    classes = _classes_of(conn, source, label, rows, spec) if label else ()
    segments = tuple(
        source.column(name, "evaluate.segments", file) for name in spec.evaluate.segments
    )
    return TrainingSet(
        source, grain, label, features, rows, classes, grouped, marked, segments, made_up
    )


def read(conn: DuckDBPyConnection, found: TrainingSet) -> Rows:
    """Read the training set, in the order of key and time, whatever the order it is stored in.

    Raises PipelineError where an expression of ``train.transform`` fails on a row.
    """
    table = _fetch(conn, found)
    many = len(found.features)
    end = many + len(_beside(found)) + len(found.segments)
    labels, times, groups, marks, made_up, known, *parts = table.columns[many:end]
    # Sorting the key alone and picking rows by it moves each feature once, where it is needed.
    order = table.select(table.column_names[end:])
    with ThreadPoolExecutor(1) as beside:
        ordered = beside.submit(_sorted, order)
        plain = side_by_side(_plain, table.columns[:many], table.num_rows)
        at = ordered.result()
    if found.classes:
        labels = pc.cast(pc.index_in(labels, value_set=pa.array(found.classes)), pa.int64())
    photos = read_photos(conn, found.source.relation, found.features, plain)
    keys = keys_of([column.name for column in found.grain.key], order) if photos else ()
    left = left_out(found.features, photos, keys, at)
    for number, each in photos.items():
        plain[number], at = each.column, at[each.readable[at]]
    return Rows(
        pa.table(plain, names=table.column_names[:many]),
        at,
        labels.to_numpy()[at],
        times.to_numpy()[at] if found.grain.time else None,
        groups.to_numpy()[at] if found.grouped else None,
        marks.to_numpy()[at].astype(bool) if found.marked else None,
        pa.table([part.take(at) for part in parts], names=[each.name for each in found.segments])
        if parts
        else None,
        np.stack([each.codes[at] for each in photos.values()], axis=1) if photos else None,
        keys,
        left,
        made_up=made_up.to_numpy()[at].astype(bool) if found.made_up else None,
        known=known.to_numpy()[at] if found.made_up else None,
    )


def _fetch(conn: DuckDBPyConnection, found: TrainingSet) -> pa.Table:
    """Return features, what stands beside them, segments and what orders the rows, unordered."""
    features = [
        hash_sql(column) if column.described else column.feature_sql for column in found.features
    ]
    segments = [f"cast({column.sql} as varchar)" for column in found.segments]
    asked = [*features, *_beside(found), *segments, *_order(found.grain)]
    named = ", ".join(f"{sql} as c{at}" for at, sql in enumerate(asked))
    with worked_out(found.source):
        return conn.execute(f"select {named} from {found.source.relation.sql}").to_arrow_table()


def _order(grain: Grain) -> list[str]:
    """Return the expressions rows are ordered by: those of ``grain``, as Arrow can sort them."""
    keys = [
        column.sql if column.base in _SORTED else f"cast({column.sql} as varchar)"
        for column in grain.key
    ]
    return [*keys, f"epoch_us({grain.time.time_sql})"] if grain.time else keys


def _sorted(keys: pa.Table) -> npt.NDArray[np.int64]:
    """Return the positions of the rows of ``keys`` in its order, the first column first."""
    by = [(name, "ascending") for name in keys.column_names]
    return np.asarray(pc.sort_indices(keys, sort_keys=by).to_numpy(), dtype=np.int64)


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """Return numbers in one piece with NaN for null, which are picked and encoded far faster."""
    if not pa.types.is_floating(values.type):
        return values
    return pa.array(values.to_numpy(zero_copy_only=False))


def _beside(found: TrainingSet) -> list[str]:
    """Return what is read besides the features: the label, the time, the group, the mark."""
    time = found.grain.time
    group = f"hash({', '.join(column.sql for column in found.grouped)})"
    return [
        f"cast({found.label.sql} as {'varchar' if found.classes else 'double'})"
        if found.label
        else "cast(0 as bigint)",
        f"epoch_us({time.time_sql})" if time else "0",
        # Half of the hash's range, as a signed number: what matters is what is equal.
        f"cast({group} // 2 as bigint)" if found.grouped else "0",
        mark_sql(found.marked) if found.marked else "0",
        f"cast({found.made_up.sql} as bigint)" if found.made_up else "0",
        known_again(
            [key.sql for key in found.grain.key], f"epoch_us({time.time_sql})" if time else None
        )
        if found.made_up
        else "0",
    ]


def _label(source: Source, spec: ModelSpec, name: str) -> Column:
    label = source.column(name, "train.label", spec.file)
    if spec.task == "regression":
        able, wanted = label.kind == "number", "a number"
    else:
        able = label.kind in ("boolean", "text") or label.base in WHOLE
        wanted = "a boolean, a whole number or text"
    if not able:
        raise UsageError(
            f"train.label '{label.name}' is {label.type} in {source.relation}, but "
            f"{spec.problem.success[0].metric} judges a {spec.task}; allowed: {wanted}",
            fix=f"cast it in the SQL of {source.dbt_name}, or fix {spec.file}, "
            f"then: {source.build}",
        )
    return label


def _classes_of(
    conn: DuckDBPyConnection, source: Source, label: Column, rows: int, spec: ModelSpec
) -> tuple[str, ...]:
    """Return the classes of ``label``, none for a number, its values found good."""
    _check_labels(conn, source, label, rows, spec)
    return () if spec.task == "regression" else class_names(conn, source, label, spec.file)


def _check_labels(
    conn: DuckDBPyConnection, source: Source, label: Column, rows: int, spec: ModelSpec
) -> None:
    finite = f" and isfinite(cast({label.sql} as double))" if spec.task == "regression" else ""
    found = conn.execute(
        f"select count(*) from {source.relation.sql} where {label.sql} is not null{finite}"
    ).fetchone()
    lacking = rows - (found[0] if found else 0)
    if lacking:
        many = "every row" if lacking == rows else f"{lacking:,} of {rows:,} rows"
        what = "null or not finite" if finite else "null"
        raise PipelineError(
            f"label '{label.name}' is {what} in {many} of {source.relation}; "
            "a row to learn from has a label",
            fix=f"leave such rows out in the SQL of {source.dbt_name}, then: {source.build}",
        )
