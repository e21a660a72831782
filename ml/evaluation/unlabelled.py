"""What a model without a label is measured by, task by task, and what it must beat."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from ml.data.dataset import Rows, TrainingSet
from ml.data.features import Inputs
from ml.data.holdout import Parts
from ml.evaluation.anomalies import Anomalies, Guesses
from ml.evaluation.asking import sample_of
from ml.evaluation.baselines import baseline_column, baseline_outcome
from ml.evaluation.bootstrap import Measurable
from ml.evaluation.clusters import Clusters
from ml.evaluation.components import Components
from ml.evaluation.metrics import Array, Codes
from ml.fitting.learning import encode
from ml.fitting.unlabelled import flags_from, learn_unlabelled
from ml.model import Model
from ml.spec import ModelSpec

# Of more rows held out a sample is judged, which is enough for every metric here.
MOST_JUDGED = 20_000
_SHUFFLED = 20_000

Word = Callable[[Model, Inputs], Measurable]


def measured(spec: ModelSpec, found: TrainingSet, model: Model, parts: Parts) -> Word:
    """Return how what any version tells of the rows ``parts.held`` is measured.

    Clusters are measured where ``model``, the new one, sees the rows, whichever version tells
    them apart, so that two are measured alike.
    """
    if spec.task == "anomaly_detection":
        return _anomalies(spec, found, parts)
    if spec.task == "clustering":
        points = _points(model, encode(model.encoder, parts.held))
        return lambda teller, inputs: Clusters(
            points, np.argmin(teller.tell(inputs), axis=1), spec.estimator.seed
        )
    return lambda teller, inputs: Components(_points(teller, inputs), teller.tell(inputs)[:, -1])


def baseline(spec: ModelSpec, found: TrainingSet, model: Model, parts: Parts) -> Measurable:
    """Return what the baseline tells of the rows held out.

    Of clusters and components: what is found alike in rows of which each feature was shuffled by
    itself, so that nothing goes with anything (Horn, "A rationale and test for the number of
    factors", Psychometrika 30, 1965). Of anomalies: nothing, or the column that is declared.
    """
    if spec.task == "anomaly_detection":
        return _guesses(spec, found, model, parts)
    seed = spec.estimator.seed
    learnt = parts.learnt.take(sample_of(len(parts.learnt.labels), _SHUFFLED, seed))
    parts = replace(parts, learnt=_shuffled(learnt, seed), held=_shuffled(parts.held, seed + 1))
    without = learn_unlabelled(spec, found, parts.learnt)
    word = measured(spec, found, without, parts)
    return word(without, encode(without.encoder, parts.held))


def sampled(spec: ModelSpec, rows: Rows) -> Rows:
    """Return the rows that are judged of all ``rows`` held out."""
    return rows.take(sample_of(len(rows.labels), MOST_JUDGED, spec.estimator.seed))


def _points(model: Model, inputs: Inputs) -> Array:
    """Return rows as the last step of the model sees them."""
    return np.asarray(model.estimator[:-1].transform(inputs), dtype=np.float64)


def _anomalies(spec: ModelSpec, found: TrainingSet, parts: Parts) -> Word:
    seed = {"seed": (spec.estimator.seed + 1) % 2**32}
    otherwise = spec.model_copy(update={"estimator": spec.estimator.model_copy(update=seed)})
    again = learn_unlabelled(otherwise, found, parts.learnt)
    other = again.tell(encode(again.encoder, parts.held))
    truth = _truth(found, parts.held)

    def word(teller: Model, inputs: Inputs) -> Measurable:
        score = teller.tell(inputs)
        flagged = teller.flags(score).astype(np.int64)
        return Anomalies(score, flagged, other, _share_declared(teller), truth)

    return word


def _share_declared(teller: Model) -> float:
    """Return the share of rows that are to be flagged, NaN where none was declared."""
    declared = teller.estimator.contamination
    by_share = teller.threshold == flags_from(teller.estimator)
    return float("nan") if isinstance(declared, str) or not by_share else float(declared)


def _guesses(spec: ModelSpec, found: TrainingSet, model: Model, parts: Parts) -> Measurable:
    column, truth = baseline_column(spec, model.encoder, 2), _truth(found, parts.held)
    if column is None or truth is None:
        return Guesses(np.zeros(len(parts.held.labels)), truth)
    told = baseline_outcome(column, truth, truth, encode(model.encoder, parts.held), 2)
    return Guesses(told.told, truth)


def _truth(found: TrainingSet, rows: Rows) -> Codes | None:
    return np.asarray(rows.labels, dtype=np.int64) if found.label else None


def _shuffled(rows: Rows, seed: int) -> Rows:
    """Return ``rows`` with the values of each feature dealt anew among them."""
    random, table = np.random.default_rng(seed), rows.features
    dealt = [column.take(pa.array(random.permutation(len(column)))) for column in table.columns]
    return Rows(
        pa.table(dealt, names=table.column_names),
        np.arange(table.num_rows, dtype=np.int64),
        np.zeros(table.num_rows, dtype=np.int64),
        None,
    )
