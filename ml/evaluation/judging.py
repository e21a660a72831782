"""Judging: what a model is worth on the rows held out, beside a baseline and the champion."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from duckdb import DuckDBPyConnection

from ml.data.dataset import TrainingSet
from ml.data.holdout import Parts
from ml.errors import UsageError
from ml.evaluation import gates
from ml.evaluation.baselines import baseline_column, baseline_outcome
from ml.evaluation.beside import BASELINE, measure_beside
from ml.evaluation.bootstrap import Interval
from ml.evaluation.confusion import confusion_of
from ml.evaluation.curves import curves_of
from ml.evaluation.dependence import FEATURES, Dependence, dependence_of
from ml.evaluation.evaluate import EVERYTHING, Outcome, evaluate
from ml.evaluation.importances import Importance, importances_of
from ml.evaluation.metrics import Array
from ml.evaluation.report import Report
from ml.evaluation.residuals import residuals_of
from ml.evaluation.rival import ask, outcome_of
from ml.evaluation.segments import evaluate_segments
from ml.model import Model
from ml.names import listed
from ml.spec import ModelSpec
from ml.versions import decisions, registry
from ml.versions.decisions import Cause
from ml.versions.registry import ModelVersion


def judge_model(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    found: TrainingSet,
    model: Model,
    parts: Parts,
    told: Array | None = None,
) -> Report:
    """Return what ``model`` is worth on the rows held out, and what it does there.

    The baseline and the champion there is are measured on the same rows and resamples. ``told`` is
    what was told of these rows where ``model`` itself has learnt from them: out of fold. Raises
    UsageError where ``problem.baseline`` or ``evaluate.dependence`` names no feature.
    """
    column = baseline_column(spec, model.encoder, len(model.classes))
    shown = _shown(spec, model)
    both = (parts.learnt, parts.held)
    learnt, held = (model.encoder.encode(part.table, at=part.at) for part in both)
    told = model.tell(held) if told is None else told
    outcome = outcome_of(model, parts.held.labels, told)
    baseline = baseline_outcome(
        column, parts.learnt.labels, parts.held.labels, held, len(model.classes)
    )
    before = registry.champion(conn, spec.name)
    rival = ask(conn, spec, found, parts, before) if before else None
    trained = outcome_of(model, parts.learnt.labels, model.tell(learnt))
    evaluations, against = measure_beside(outcome, baseline, rival, spec.estimator.seed)
    evaluations += evaluate("train", trained)
    evaluations += evaluate_segments(outcome, parts.held.segments, spec.estimator.seed)
    importances, dependence = _effects(spec, model, parts, shown)
    return Report(
        evaluations,
        *against,
        importances=importances,
        dependence=dependence,
        metric=judged_metric(spec),
        **_pictures(model, outcome),
    )


def judged_metric(spec: ModelSpec) -> str:
    """Return the metric by which versions are compared."""
    return spec.problem.champion.metric or spec.problem.success[0].metric


def _shown(spec: ModelSpec, model: Model) -> tuple[str, ...]:
    """Return the features whose dependence was asked for; raise UsageError for what is none."""
    names = [feature.name for feature in model.encoder.features]
    for name in spec.evaluate.dependence:
        if name not in names:
            raise UsageError(
                f"evaluate.dependence names '{name}', which is no feature of ML model "
                f"'{spec.name}'; it has: {listed(name, names)}",
                fix=f"fix evaluate.dependence in {spec.file}, then: dbt parse",
            )
    return tuple(spec.evaluate.dependence)


def _effects(
    spec: ModelSpec, model: Model, parts: Parts, asked: Sequence[str]
) -> tuple[list[Importance], list[Dependence]]:
    """Return what each feature matters, and how the word depends on the most important ones."""
    seed, rows, truth = spec.estimator.seed, parts.held.features, parts.held.labels
    metric = spec.problem.success[0].metric
    importances = importances_of(model, rows, truth, metric, seed)
    shown = asked or [each.feature for each in importances[:FEATURES]]
    return importances, dependence_of(model, rows, shown, seed)


def _pictures(model: Model, outcome: Outcome) -> dict[str, Any]:
    """Return what is drawn of the rows held out: curves and confusion, or residuals."""
    if outcome.decided is None:
        truth = np.asarray(outcome.truth, dtype=np.float64)
        return {"residuals": residuals_of(truth, outcome.told)}
    codes = np.asarray(outcome.truth, dtype=np.int64)
    return {
        "curves": curves_of(outcome, model.classes),
        "confusion": confusion_of(codes, outcome.decided, model.classes),
    }


def settle(
    conn: DuckDBPyConnection, spec: ModelSpec, version: ModelVersion, report: Report
) -> ModelVersion:
    """Decide by ``report`` what ``version``, which is kept, becomes; return it with its status."""
    cause = Cause("train", version.created_at, version.run_id)
    known = {
        data: {
            each.metric: Interval(each.value, each.low, each.high)
            for each in report.evaluations
            if each.data == data and each.segment == EVERYTHING
        }
        for data in ("test", BASELINE)
    }
    missed = gates.failures(spec.problem, known["test"], known[BASELINE], report.baseline.gains)
    if missed:
        return decisions.reject(conn, version, cause, "; ".join(missed))
    status, reason = gates.against_champion(
        spec.problem.champion, judged_metric(spec), report.champion
    )
    if status == "rejected":
        return decisions.reject(conn, version, cause, reason or "")
    settled = decisions.promote if status == "champion" else decisions.challenge
    return settled(conn, version, cause, reason)
