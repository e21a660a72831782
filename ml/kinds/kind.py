"""What a kind of model is: the seam between training and scoring and what a task learns and tells.

:mod:`ml.train` and :mod:`ml.score` hold what is the same for all: the transaction, the problem
card, the fingerprint, the numbering, the gates, the replacing of predictions, the record of a
scoring. What differs by task is asked of a :class:`Kind`, step by step, each giving the next:

``Kind.check`` (the declaration) → ``Kind.find`` → :class:`Material` (rows found good) → ``fit`` →
:class:`Fitted` → ``judge`` → a report, ``keep`` → rows in tables of the kind's own; later
``Kind.prepare`` → :class:`Prepared`, the rows to write.

A new kind adds its task to ``Task`` and its metrics to ``MEASURES``
(:mod:`ml.declaration.measures`), its preset with the parameters it takes to
:mod:`ml.declaration.presets`, what its declaration may hold to :mod:`ml.declaration.tasks`, its
prediction's columns to :mod:`ml.task_columns`, and itself to ``ml.kinds.KINDS``.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Source
from ml.evaluation.report import Report
from ml.images.left_out import LeftOut
from ml.relation import Relation
from ml.scoring.predictions import Target
from ml.spec import ModelSpec
from ml.versions.registry import ModelVersion

# Hears in a few words how far a training is.
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Learnt:
    """What a version keeps of its training: columns of ``ml.model_versions``, JSON as text.

    The defaults are those of a kind that has no such thing.
    """

    params: str
    train_rows: int
    test_rows: int
    made_up_rows: int = 0
    test_from: datetime | None = None
    label: str | None = None
    label_type: str | None = None
    classes: str = "[]"
    features: str = "[]"
    transform: str = "{}"
    calibration: str | None = None
    threshold: float | None = None


class Fitted(Protocol):
    """A model fitted on the rows learnt from, not yet kept."""

    @property
    def estimator(self) -> Any:
        """What the artifact is made of, by skops: see :mod:`ml.versions.artifact`.

        An estimator of scikit-learn, or dicts, lists, texts, numbers and arrays of numpy: nothing
        that is not on the list in :mod:`ml.versions.allowed`. The same rows, declaration and
        libraries give the same bytes.
        """

    @property
    def learnt(self) -> Learnt:
        """What the version keeps of its training."""

    def judge(self, conn: DuckDBPyConnection, tell: Tell) -> Report:
        """Return what it is worth on the rows held out, beside the baseline and the champion.

        Its evaluations have data ``test`` and ``baseline`` with 95 % intervals; the criteria of
        ``problem.success`` are held against these. ``Report.champion`` is the comparison with the
        champion there is, None without one. Raises UsageError where the declaration does not fit.
        """

    def keep(self, conn: DuckDBPyConnection, version: ModelVersion) -> None:
        """Write what else is kept of ``version``, which stands in the registry by now."""

    def is_kept(self, conn: DuckDBPyConnection, version: ModelVersion) -> bool:
        """Whether what else ``version`` keeps of how it tells is, to the byte, what this has."""

    def difference(self, conn: DuckDBPyConnection, version: ModelVersion) -> float:
        """Return the largest difference of what this and ``version`` tell of what was learnt from.

        Endless where they cannot be compared. Raises PipelineError where ``version`` is not read.
        """


class Material(Protocol):
    """What a version is learnt from, held against the declaration and found good."""

    @property
    def source(self) -> Source:
        """The training set's table."""

    @property
    def rows(self) -> int:
        """How many rows it has."""

    @property
    def decisive(self) -> Mapping[str, Any]:
        """What decides of the training besides declaration, columns and values; as JSON has it."""

    def fit(self, conn: DuckDBPyConnection, tell: Tell) -> Fitted:
        """Read the rows, hold some out, fit on the others.

        Raises PipelineError for rows that cannot be learnt from, Leak for features that know the
        label.
        """


@dataclass(frozen=True)
class Prepared:
    """Predictions about to be written to ``target``.

    ``batches`` opens them, about so many rows each as it is given, once those that they replace
    are gone; the columns are those of
    :func:`ml.scoring.predictions.write`. There may be several rows, or none, for a row of
    ``source``, the table scored; ``target`` says which rows they replace.
    """

    source: Source
    target: Target
    batches: Callable[[int], Generator[pa.RecordBatch]]
    left_out: list[LeftOut] = field(default_factory=list)


class Kind(Protocol):
    """How models of a task are checked, found rows for, fitted, judged and scored."""

    def check(self, spec: ModelSpec) -> None:
        """Raise UsageError for what is wrong with ``spec`` and seen before any row is read."""

    def find(
        self,
        conn: DuckDBPyConnection,
        spec: ModelSpec,
        relations: Mapping[str, Relation],
        *,
        now: datetime,
        known: Mapping[str, str],
    ) -> Material:
        """Return what ``spec`` learns from; ``known`` is as :func:`ml.train.train` has it.

        Raises UsageError where the declaration does not fit the table, PipelineError where the
        rows cannot be learnt from.
        """

    def is_whole(self, conn: DuckDBPyConnection, version: ModelVersion) -> bool:
        """Whether what ``version`` keeps besides its artifact is what was recorded."""

    def prepare(
        self,
        conn: DuckDBPyConnection,
        spec: ModelSpec,
        version: ModelVersion,
        relations: Mapping[str, Relation],
        *,
        now: datetime,
        schema: str,
    ) -> Prepared:
        """Return what ``version`` tells of ``spec.score.on``, for its table in ``schema``.

        The table is made, and checked if it is there (:func:`ml.scoring.predictions.open_target`).
        Raises PipelineError for rows that cannot be scored, UsageError where the declaration does
        not fit.
        """
