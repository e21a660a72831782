"""The training set as the generator sees it: numbers and categories of the rows learnt from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from duckdb import DuckDBPyConnection

from ml.columns import WHOLE, Column, Source, find
from ml.data.dataset import TrainingSet, find_training_set, read
from ml.data.holdout import Parts, hold_out
from ml.errors import PipelineError
from ml.evaluation.metrics import Array
from ml.relation import Relation
from ml.spec import ModelSpec, parse_spec
from ml.synthetic.coding import COMMON, Coding
from ml.synthetic.declaration import MARKS, SyntheticSet

# Fewer rows teach nothing that is not about single rows; fewer held out tell of no copy.
LEAST_LEARNT, LEAST_HELD = 200, 50
_MOST_CLASSES = 20
LABEL, TIME = "label", "time"


@dataclass(frozen=True)
class Shape:
    """One column as the generator sees it; ``values`` are those of a category, by their codes.

    ``role`` is ``label``, ``time`` or nothing. ``left_out`` says why it stays empty, None for one
    that is made.
    """

    column: Column
    role: str = ""
    values: tuple[str, ...] | None = None
    left_out: str | None = None

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def nominal(self) -> bool:
        """Whether its values have no order."""
        return self.values is not None


@dataclass(frozen=True)
class Real:
    """A training set read: its columns, and its rows as numbers, NaN for missing.

    ``learnt`` and ``held`` are [rows, shapes]; a category is its code. ``spec``, ``found`` and
    ``parts`` are the same as the engine has them, by which an estimator is fitted; ``coding`` leads
    from these rows to those and back.
    """

    spec: ModelSpec
    found: TrainingSet
    parts: Parts
    coding: Coding
    shapes: tuple[Shape, ...]
    learnt: Array
    held: Array

    @property
    def made(self) -> list[int]:
        """The positions of the columns that are made."""
        return [at for at, shape in enumerate(self.shapes) if shape.left_out is None]


def read_real(
    conn: DuckDBPyConnection,
    asked: SyntheticSet,
    relations: Mapping[str, Relation],
    now: datetime,
) -> Real:
    """Return the training set that ``asked`` imitates, split as it declares.

    Raises UsageError where the declaration does not fit the table, PipelineError where its rows
    cannot be imitated.
    """
    train = asked.declared.train
    source = find(conn, relations, train.on, "train.on", asked.file)
    _check_marks(source, asked)
    spec = _model(conn, asked, source)
    found = find_training_set(conn, spec, relations, now)
    parts = hold_out(spec, found, read(conn, found))
    _check_enough(asked, source, parts)
    origins = [found.source.columns[column.name] for column in found.features]
    coding = Coding.of(parts.learnt, origins, bool(found.classes))
    learnt, held = (coding.matrix(rows) for rows in (parts.learnt, parts.held))
    shapes = _shapes(found, coding, origins, coding.made(learnt))
    real = Real(spec, found, parts, coding, shapes, learnt, held)
    _check_varied(asked, source, real)
    return real


def _model(conn: DuckDBPyConnection, asked: SyntheticSet, source: Source) -> ModelSpec:
    """Return the ML model by which the engine reads and splits the rows, and tells their worth."""
    declared = asked.declared
    label = source.column(declared.train.label or "", "train.label", asked.file)
    task = declared.task or ("classification" if _is_class(conn, source, label) else "regression")
    metric = "roc_auc" if task == "classification" else "rmse"
    given = declared.train.model_dump(mode="json", exclude_unset=True)
    excluded = [*declared.train.features.exclude]
    given["transform"] = {
        column.name: f"epoch_us({column.time_sql})"
        for column in source.columns.values()
        if column.kind == "time" and column.name not in (declared.train.time, *excluded)
        and column.name not in declared.train.key
    }  # fmt: skip
    given["known"] = []
    meta = {
        "problem": {
            "question": "Are made-up rows as good to learn from?", "decision": "Whether to.",
            "success": [{"metric": metric, "beats_baseline_by": 0.0}],
        },
        "train": given,
        "estimator": {
            "preset": "boosted_trees", "seed": declared.seed,
            "params": {"learning_rate": 0.05, "max_iter": 150, "max_leaf_nodes": 8,
                       "l2_regularization": 1.0, "early_stopping": False},
        },
        # By these the rows learnt from are known again.
        "evaluate": {"segments": list(declared.train.key)},
        "score": {"on": declared.train.on, "key": ["key"], "time": "time"},
    }  # fmt: skip
    return parse_spec(asked.name, meta, file=asked.file)


def _is_class(conn: DuckDBPyConnection, source: Source, label: Column) -> bool:
    if label.kind in ("boolean", "text"):
        return True
    if label.base not in WHOLE:
        return False
    row = conn.execute(f"select count(distinct {label.sql}) from {source.relation.sql}").fetchone()
    return row is not None and 1 < row[0] <= _MOST_CLASSES


def _shapes(
    found: TrainingSet, coding: Coding, origins: Sequence[Column], made: Sequence[int]
) -> tuple[Shape, ...]:
    """Return the label, the time and every feature, in this order; ``made`` are those made."""
    assert found.label is not None  # parse_synthetic asks for one
    label = Shape(found.label, LABEL, found.classes or None)
    time = [Shape(found.grain.time, TIME)] if found.grain.time else []
    told = f"most of its values are met in fewer than {COMMON} rows: they may name a person"
    features = [
        Shape(column, values=values, left_out=None if at in made else told)
        for at, (column, values) in enumerate(
            zip(origins, coding.values, strict=True), start=coding.first
        )
    ]
    return (label, *time, *features)


def _check_marks(source: Source, asked: SyntheticSet) -> None:
    for name in source.columns:
        if name.lower() in MARKS:
            raise PipelineError(
                f"synthetic set '{asked.name}' would imitate {source.relation}, which has the "
                f"column '{name}': made-up rows are marked by it, and are not imitated in turn",
                fix=f"let train.on of {asked.file} name a training set of real rows alone, "
                "then: dbt parse",
            )


def _check_enough(asked: SyntheticSet, source: Source, parts: Parts) -> None:
    for told, rows, least in (
        ("learnt from", len(parts.learnt.labels), LEAST_LEARNT),
        ("held out", len(parts.held.labels), LEAST_HELD),
    ):
        if rows < least:
            raise PipelineError(
                f"synthetic set '{asked.name}': {rows:,} rows of {source.relation} are {told}; "
                f"allowed: {least} or more, for of fewer nothing is learnt that is not about "
                "single rows, and no copy is told from chance",
                fix=f"give {source.dbt_name} more rows, or set another train.split in "
                f"{asked.file}, then: {source.build}",
            )


def _check_varied(asked: SyntheticSet, source: Source, real: Real) -> None:
    varied = [
        at for at in real.made if not real.shapes[at].role
        and len(np.unique(real.learnt[:, at])) > 1
    ]  # fmt: skip
    if not varied:
        raise PipelineError(
            f"synthetic set '{asked.name}': every feature of {source.relation} is constant, "
            "missing throughout or left out; nothing can be imitated",
            fix=f"look at the SQL of {source.dbt_name}, then: {source.build}",
        )
