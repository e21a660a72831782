"""An experiment: variants of the data, each learnt and judged beside the model as it stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from duckdb import DuckDBPyConnection

from ml import estimators
from ml.columns import Source, describe
from ml.data.dataset import TrainingSet, find_training_set, read
from ml.data.feature_choice import choose_features
from ml.data.holdout import hold_out
from ml.declaration.measures import measures_of
from ml.declaration.tasks import require_label
from ml.declaration.training import Features
from ml.declaration.using import Evaluate
from ml.errors import PipelineError, UsageError
from ml.evaluation.bootstrap import Measured, measure
from ml.experiment.asking import Asked, read_changes
from ml.experiment.change import DECLARED, Change, Views, features_joined, together
from ml.experiment.data import Ground, Tell
from ml.experiment.fitting_in import check_types
from ml.experiment.judged import Told, folds_of, told_of
from ml.experiment.result import Experiment, Rung, mean_of
from ml.fitting.tuning import check_ranges
from ml.names import listed
from ml.relation import Relation
from ml.spec import ModelSpec

# Makes a relation of the rows of the training set with the features of views joined to it.
Join = Callable[[Mapping[str, Sequence[str]]], Relation]


@dataclass(frozen=True)
class Settings:
    """How an experiment is judged.

    By ``metric``, the first of ``problem.success`` unless given; over ``seeds`` seeds; on what
    ``folds`` folds of the rows learnt from tell of each other (as many as can be, at most five,
    unless given), or for 0 on the rows that ``train.split`` holds out. A gain less than
    ``matters``, a hundredth of the metric unless given, makes no difference.
    """

    metric: str | None = None
    seeds: int = 1
    folds: int | None = None
    matters: float | None = None


def experiment(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    asked: Asked,
    settings: Settings,
    *,
    now: datetime,
    views: Views,
    join: Join,
    tell: Tell = lambda _: None,
) -> Experiment:
    """Return what each change of ``asked`` is worth beside the model that ``spec`` declares.

    Nothing is written but what ``join`` makes. Raises UsageError, before anything is learnt, for
    what cannot be tried; PipelineError for data that cannot be learnt from.
    """
    require_label(spec, "goldloop experiment")
    spec = _bare(spec, settings)
    metric = _metric(spec, settings)
    estimators.check_params(spec)
    check_ranges(spec)
    found = find_training_set(conn, spec, relations, now)
    changes = read_changes(asked, spec, found, views)
    ground = _ground(conn, spec, found, changes, join)
    joint = together(changes)
    variants = [DECLARED, *changes, *([joint] if joint else [])]
    seeds = tuple(spec.estimator.seed + more for more in range(settings.seeds))
    folds = folds_of(ground, settings.folds)
    told = told_of(ground, folds, variants, seeds, tell)
    tell("measuring")
    measured = [measure([each.outcome for each in one], spec.estimator.seed) for one in told]
    first, *rungs = _rungs(variants, told[0], measured, metric)
    matters = settings.matters
    if matters is None:
        matters = abs(first.value.value or 0.0) / 100
    rows, cut = len(told[0][0].outcome.truth), len(folds) if len(folds) > 1 else 0
    return Experiment(spec.name, metric, rows, cut, seeds, matters, first, tuple(rungs))


def _bare(spec: ModelSpec, settings: Settings) -> ModelSpec:
    """Return ``spec`` without what is only reported of a version."""
    if settings.folds == 1:
        raise UsageError("--folds is 1; allowed: 0, or 2 and more", fix="correct --folds")
    if settings.folds == 0 and spec.train.split.by == "none":
        raise UsageError(
            f"ML model '{spec.name}' holds nothing out (train.split.by is none), and --folds is 0; "
            "allowed: 2 folds or more",
            fix="leave --folds out",
        )
    if settings.folds != 0 and spec.train.synthetic:
        raise UsageError(
            f"ML model '{spec.name}' learns from made-up rows (train.synthetic), which know the "
            "rows that folds judge; allowed: --folds 0, which judges on the rows held out",
            fix="add: --folds 0",
        )
    spec = spec.model_copy(update={"evaluate": Evaluate()})
    if spec.estimator.decide and spec.estimator.decide.cost:
        return spec
    return spec.model_copy(update={"train": spec.train.model_copy(update={"validate_": None})})


def _metric(spec: ModelSpec, settings: Settings) -> str:
    metric = settings.metric or spec.problem.success[0].metric
    allowed = [each.name for each in measures_of(spec.task)]
    if metric not in allowed:
        raise UsageError(
            f"--metric is '{metric}'; allowed for ML model '{spec.name}': "
            f"{listed(metric, allowed)}",
            fix="correct --metric, or leave it out",
        )
    return metric


def _ground(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    found: TrainingSet,
    changes: Sequence[Change],
    join: Join,
) -> Ground:
    """Return the training set with every feature that a variant has, split as declared."""
    declared = frozenset(column.name for column in found.features)
    joined = features_joined(changes)
    wide = found
    if joined:
        relation = join(joined)
        source = Source(found.source.dbt_name, relation, describe(conn, relation))
        wide = replace(found, source=source)
    more = frozenset[str]().union(*(change.columns for change in changes))
    if more:
        check_types(spec, wide.source, changes)
        wide = replace(wide, features=choose_features(conn, wide.source, _wider(spec, more)))
    rows = read(conn, wide)
    if len(rows.labels) + len(rows.left_out) != found.rows:
        raise PipelineError(
            f"{found.source.relation} has {found.rows:,} rows, and {len(rows.labels):,} with "
            f"{', '.join(joined)} joined",
            fix=f"a view has double rows; type: dbt test --select {' '.join(joined)}",
        )
    return Ground(spec, wide, declared, rows, hold_out(spec, wide, rows))


def _wider(spec: ModelSpec, more: frozenset[str]) -> ModelSpec:
    """Return ``spec`` with the columns ``more`` among its features."""
    chosen = spec.train.features
    wider = Features(
        include=(*chosen.include, *sorted(more)) if chosen.include else (),
        exclude=tuple(name for name in chosen.exclude if name not in more),
    )
    return spec.model_copy(update={"train": spec.train.model_copy(update={"features": wider})})


def _rungs(
    variants: Sequence[Change],
    told: Sequence[Told],
    measured: Sequence[Sequence[Measured]],
    metric: str,
) -> list[Rung]:
    """Return each variant with its metric; ``measured`` is by seed and variant."""
    means = [mean_of([one[at] for one in measured]) for at in range(len(variants))]
    return [
        Rung(
            change,
            means[at].interval(metric),
            means[at].gain(means[0], metric) if at else None,
            told[at].rows,
            told[at].columns,
            told[at].left_out,
            tuple(one[at].values[metric] for one in measured),
        )
        for at, change in enumerate(variants)
    ]
