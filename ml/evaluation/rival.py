"""Another version's word on the rows a version is judged on, so that both are measured alike."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from duckdb import DuckDBPyConnection

from ml.columns import Column
from ml.data.checks import content_hash
from ml.data.dataset import Rows, TrainingSet, read
from ml.data.features import Inputs
from ml.data.holdout import Parts, hold_out
from ml.data.transform import check_inputs, feature_column
from ml.errors import PipelineError
from ml.evaluation.bootstrap import Measurable
from ml.evaluation.metrics import Array, Codes
from ml.evaluation.outcome import Outcome
from ml.model import Model
from ml.spec import ModelSpec
from ml.versions import registry
from ml.versions.registry import ModelVersion

# What a model tells of the rows it is given, to be measured.
Word = Callable[[Model, Inputs], Measurable]
Flags = npt.NDArray[np.bool_]
# The rows held out of a training set with other features than the one asked about.
Again = Callable[[TrainingSet], Rows]
# What decides, with the data and the seed, which rows are held out.
_SPLIT = ("key", "time", "label", "split")


@dataclass(frozen=True)
class Rival:
    """What ``version`` tells of the rows held out, or the ``reason`` it cannot tell of them.

    ``seen`` [rows] marks the rows it has learnt from, None where that is not known; one that is not
    ``usable`` cannot be read, so it tells of no rows at all.
    """

    version: ModelVersion
    outcome: Measurable | None
    reason: str | None
    seen: Flags | None = None
    usable: bool = True

    @property
    def share(self) -> float | None:
        """The share of the rows it has learnt from, None where that is not known."""
        return None if self.seen is None else float(np.mean(self.seen))


def ask(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    found: TrainingSet,
    parts: Parts,
    version: ModelVersion,
    again: Again | None = None,
    word: Word | None = None,
) -> Rival:
    """Return what ``version`` tells of the rows of ``found`` that ``parts`` holds out.

    ``again`` reads these rows once more, with other features, as ``spec`` holds them out by itself.
    ``word`` makes of a model and its input for these rows what is measured, see
    :func:`outcome_of` for models that learn a label.
    """
    seen = _seen(conn, spec, found, parts, version)
    reason = _unlike(spec, found, version)
    if reason:
        return Rival(version, None, reason, seen)
    try:
        model = registry.load(conn, version, spec.trusted)
    except PipelineError as error:
        return Rival(version, None, error.problem, seen, usable=False)
    again = again or (lambda wider: hold_out(spec, wider, read(conn, wider)).held)
    try:
        columns = _columns(spec, found, model, version)
        held, inputs = _inputs(found, parts, model, columns, again)
        if word is not None:
            return Rival(version, word(model, inputs), None, seen)
        return Rival(version, outcome_of(model, held.labels, model.tell(inputs)), None, seen)
    except PipelineError as error:
        return Rival(version, None, error.problem, seen)


def _unlike(spec: ModelSpec, found: TrainingSet, version: ModelVersion) -> str | None:
    """Return why the version answers another question, if it does."""
    if version.task != spec.task:
        return f"{version.name} is a {version.task}, not a {spec.task}"
    if (version.label or "") != found.label_name:
        return f"{version.name} tells '{version.label}', not '{found.label_name}'"
    classes = tuple(json.loads(version.classes))
    # What a label is only judged by, a version does not keep.
    if spec.task == "classification" and classes != found.classes:
        known, now = (", ".join(each) or "a number" for each in (classes, found.classes))
        return f"{version.name} tells {known}; the label is now {now}"
    return None


def _columns(
    spec: ModelSpec, found: TrainingSet, model: Model, version: ModelVersion
) -> tuple[Column, ...]:
    """Return the columns the model reads, in its order, or what makes them.

    Raises PipelineError where the training set has them no longer.
    """
    features, there = model.encoder.features, found.source
    check_inputs(there, features, version.name)
    columns = tuple(feature_column(feature, there.columns) for feature in features)
    if spec.train.split.by == "none" and not set(columns) <= set(found.features):
        raise PipelineError(
            "it reads columns that are no features now", fix=f"declare train.split in {spec.file}"
        )
    return columns


def _inputs(
    found: TrainingSet, parts: Parts, model: Model, columns: tuple[Column, ...], again: Again
) -> tuple[Rows, Inputs]:
    """Return the rows held out and what the model reads of them."""
    held, places = parts.held, {column: at for at, column in enumerate(found.features)}
    if not places.keys() >= set(columns):
        # It reads what is no feature now: the same rows are read once more with it.
        held, places = again(replace(found, features=columns)), {}
    at = [places.get(column, place) for place, column in enumerate(columns)]
    return held, model.encoder.encode(held.features.select(at))


def outcome_of(model: Model, truth: Codes | Array, told: Array) -> Outcome:
    """Return what ``model`` tells of rows, decided as it decides."""
    return Outcome(truth, told, decided=model.decide(told) if model.classes else None)


def _seen(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    found: TrainingSet,
    parts: Parts,
    version: ModelVersion,
) -> Flags | None:
    """Mark the rows held out that ``version`` has learnt from, if that can be known.

    By time they lie before the first time it held out; else it is known only where it held out the
    very same rows.
    """
    rows, split = len(parts.held.labels), spec.train.split
    if version.test_from is not None and parts.held.times is not None:
        first = np.datetime64(version.test_from, "us").astype(np.int64)
        return np.asarray(parts.held.times < first)
    if split.by == "none":
        return None
    declared = json.loads(version.spec)
    now = json.loads(spec.model_dump_json(exclude_none=True))
    same = all(declared["train"].get(key) == now["train"].get(key) for key in _SPLIT)
    same = same and declared["estimator"]["seed"] == now["estimator"]["seed"]
    if same and content_hash(conn, found.source, [*found.source.columns.values()]) == (
        version.data_hash
    ):
        return np.zeros(rows, dtype=np.bool_)
    return None
