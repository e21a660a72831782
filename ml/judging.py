"""Judging: what a model is worth on the rows held out, beside a baseline."""

from ml.baselines import baseline_column, baseline_outcome
from ml.evaluate import Evaluation, Outcome, evaluate
from ml.holdout import Parts
from ml.metrics import Array
from ml.model import Model
from ml.spec import ModelSpec


def judge_model(
    spec: ModelSpec, model: Model, parts: Parts, told: Array | None = None
) -> list[Evaluation]:
    """Return the metrics of ``model`` on the rows held out and learnt from, and the baseline's.

    ``told`` is what was told of the rows held out where ``model`` itself has learnt from them:
    out of fold.
    """
    column = baseline_column(spec, model.encoder, len(model.classes))
    learnt = model.encoder.encode(parts.learnt.features)
    held = model.encoder.encode(parts.held.features)
    baseline = baseline_outcome(
        column, parts.learnt.labels, parts.held.labels, held, len(model.classes)
    )
    seed = spec.estimator.seed
    told = model.tell(held) if told is None else told
    return [
        *evaluate("test", Outcome(parts.held.labels, told), seed=seed),
        *evaluate("train", Outcome(parts.learnt.labels, model.tell(learnt))),
        *evaluate("baseline", baseline, seed=seed),
    ]
