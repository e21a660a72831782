"""Models that learn of rows by their features and no label: clusters, components, anomalies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from duckdb import DuckDBPyConnection

from ml import estimators
from ml.data.dataset import Rows, TrainingSet, find_training_set, read
from ml.data.folds import Fold
from ml.data.holdout import Parts, hold_out
from ml.evaluation.beside import measure_beside
from ml.evaluation.bootstrap import Measurable
from ml.evaluation.evaluate import evaluate
from ml.evaluation.judging import judged_metric
from ml.evaluation.report import Report
from ml.evaluation.rival import ask
from ml.evaluation.unlabelled import baseline, measured, sampled
from ml.fitting.fit import check_features
from ml.fitting.learning import encode
from ml.fitting.trials import keep_trials
from ml.fitting.tuning import Trial, check_ranges, tuned
from ml.fitting.unlabelled import learn_unlabelled
from ml.kinds.artifact_alone import ArtifactAlone, FittedAlone
from ml.kinds.kind import Learnt, Prepared, Tell
from ml.kinds.loadings import keep_components
from ml.kinds.profiles import keep_profiles
from ml.kinds.rows import FoundRows, largest_difference, learnt_rows, prepare_rows
from ml.leaks.moments import check_moments
from ml.model import Model
from ml.relation import Relation
from ml.spec import ModelSpec
from ml.task_columns import written
from ml.versions import registry
from ml.versions.registry import ModelVersion


class Unlabelled(ArtifactAlone):
    """Clustering, decomposition, anomaly detection: see :class:`ml.kinds.kind.Kind`."""

    def check(self, spec: ModelSpec) -> None:
        """Raise UsageError for a parameter or a range that is not allowed."""
        estimators.check_params(spec)
        check_ranges(spec)

    def find(
        self,
        conn: DuckDBPyConnection,
        spec: ModelSpec,
        relations: Mapping[str, Relation],
        *,
        now: datetime,
        known: Mapping[str, str],
    ) -> "UnlabelledRows":
        """Return the training set; raises Leak, too, for rows that know what came after them."""
        found = find_training_set(conn, spec, relations, now)
        check_moments(conn, spec, found, known)
        return UnlabelledRows(spec, found)

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
        """Return what is told of each row."""
        columns = written(version.task)
        return prepare_rows(conn, spec, version, relations, now=now, schema=schema, written=columns)


class UnlabelledRows(FoundRows):
    """A training set: see :class:`ml.kinds.kind.Material`."""

    def fit(self, conn: DuckDBPyConnection, tell: Tell) -> "UnlabelledModel":
        """Find the parameters that are searched for, and fit."""
        spec, found = self.spec, self.found
        rows = read(conn, found)
        parts = hold_out(spec, found, rows)
        check_features(found, parts)
        chosen, trials = tuned(spec, found, parts.learnt, tell, judge=_by_itself)
        tell(f"fitting {spec.name} on {len(parts.learnt.labels):,} rows")
        model = learn_unlabelled(chosen, found, parts.learnt)
        return UnlabelledModel(chosen, found, rows, parts, model, trials)


@dataclass(frozen=True)
class UnlabelledModel(FittedAlone):
    """A fitted model: see :class:`ml.kinds.kind.Fitted`."""

    spec: ModelSpec
    found: TrainingSet
    rows: Rows
    parts: Parts
    model: Model
    trials: tuple[Trial, ...]

    @property
    def estimator(self) -> Any:
        """The estimator of scikit-learn."""
        return self.model.estimator

    @cached_property
    def learnt(self) -> Learnt:
        """What a version keeps of the training."""
        kept = learnt_rows(self.found, self.parts, self.model.encoder, self.spec)
        return replace(kept, threshold=self.model.threshold)

    def judge(self, conn: DuckDBPyConnection, tell: Tell) -> Report:
        """Return what it is worth on the rows held out, or on a sample of them."""
        spec, found, model = self.spec, self.found, self.model
        tell(f"judging {spec.name}")
        parts = replace(self.parts, held=sampled(spec, self.parts.held))
        word = measured(spec, found, model, parts)
        outcome = word(model, encode(model.encoder, parts.held))
        before = registry.champion(conn, spec.name)
        again = partial(_held_again, conn, spec)
        rival = ask(conn, spec, found, parts, before, again, word) if before else None
        evaluations, against = measure_beside(
            outcome, baseline(spec, found, model, parts), rival, spec.estimator.seed
        )
        learnt = replace(self.parts, held=sampled(spec, self.parts.learnt))
        trained = measured(spec, found, model, learnt)(model, encode(model.encoder, learnt.held))
        evaluations += evaluate("train", trained)
        return Report(evaluations, *against, metric=judged_metric(spec))

    def keep(self, conn: DuckDBPyConnection, version: ModelVersion) -> None:
        """Keep the trials, and what describes the clusters or the components."""
        keep_trials(conn, version.model, version.version, self.trials)
        if self.spec.task == "clustering":
            keep_profiles(conn, version, self.model, self.parts.learnt)
        if self.spec.task == "decomposition":
            keep_components(conn, version, self.model)

    def difference(self, conn: DuckDBPyConnection, version: ModelVersion) -> float:
        """Return the largest difference of what both tell of any row."""
        kept = registry.load(conn, version, self.spec.trusted)
        return largest_difference([kept], [self.model], self.rows)


def _held_again(conn: DuckDBPyConnection, spec: ModelSpec, wider: TrainingSet) -> Rows:
    """Return the rows that are judged, read with the features of ``wider``."""
    return sampled(spec, hold_out(spec, wider, read(conn, wider)).held)


def _by_itself(
    spec: ModelSpec,
    found: TrainingSet,
    rows: Rows,
    folds: list[Fold],
    before: Callable[[int], None],
) -> list[Measurable]:
    """Learn from each fold and return what is told of the rows it judges."""
    told = []
    for number, fold in enumerate(folds):
        before(number)
        parts = Parts(rows.take(fold.learnt), rows.take(fold.judged), None)
        model = learn_unlabelled(spec, found, parts.learnt)
        word = measured(spec, found, model, parts)
        told.append(word(model, encode(model.encoder, parts.held)))
    return told
