"""Models that learn a label of rows by their features: classification and regression."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from duckdb import DuckDBPyConnection

from ml import estimators
from ml.data.dataset import Rows, TrainingSet, find_training_set, read
from ml.data.holdout import Parts, hold_out
from ml.earlier.kept import EarlierModel, keep_earlier, load_earlier, same, whole
from ml.earlier.making import make_earlier
from ml.evaluation.judging import judge_model
from ml.evaluation.report import Report
from ml.fitting.fit import Fit, fit_model, validation
from ml.fitting.trials import keep_trials
from ml.fitting.tuning import check_ranges
from ml.images.left_out import keep_left_out
from ml.images.repeats import check_repeats
from ml.kinds.kind import Learnt, Prepared, Tell
from ml.kinds.rows import FoundRows, largest_difference, learnt_rows, prepare_rows
from ml.leaks.guard import check_powers, keep_powers
from ml.leaks.moments import check_moments
from ml.leaks.power import Power
from ml.monitoring.keeping import Made
from ml.monitoring.training import keep_told
from ml.relation import Relation
from ml.scoring.predictions import labelled_columns
from ml.spec import ModelSpec
from ml.synthetic.guard import check_made_up
from ml.versions import registry
from ml.versions.registry import ModelVersion


class Labelled:
    """Classification and regression: see :class:`ml.kinds.kind.Kind`."""

    def check(self, spec: ModelSpec) -> None:
        """Raise UsageError for a class, a builder, a parameter or a range that is not allowed."""
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
    ) -> "LabelledRows":
        """Return the training set; raises Leak, too, for rows that know what came after them."""
        found = find_training_set(conn, spec, relations, now)
        check_moments(conn, spec, found, known)
        return LabelledRows(spec, found)

    def is_whole(self, conn: DuckDBPyConnection, version: ModelVersion) -> bool:
        """Whether the earlier models of ``version`` are what was recorded."""
        return whole(conn, version)

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
        """Return prediction and score of each row, with reasons and as features where asked for."""
        earlier = load_earlier(conn, version, spec.trusted) if spec.score.as_feature else ()
        written = labelled_columns(version)
        return prepare_rows(
            conn, spec, version, relations, now=now, schema=schema, written=written, earlier=earlier
        )


class LabelledRows(FoundRows):
    """A training set with a label: see :class:`ml.kinds.kind.Material`."""

    def fit(self, conn: DuckDBPyConnection, tell: Tell) -> "LabelledModel":
        """Fit the model and, where asked for, the earlier ones."""
        spec, found = self.spec, self.found
        rows = read(conn, found)
        parts = hold_out(spec, found, rows)
        check_repeats(spec, found, rows, parts)
        check_made_up(conn, spec, found, parts)
        powers = check_powers(spec, found, parts.learnt.real)
        fit = fit_model(spec, found, parts, tell)
        return LabelledModel(
            spec, found, rows, parts, fit, make_earlier(spec, found, parts, tell), powers
        )


@dataclass(frozen=True)
class LabelledModel:
    """A fitted model with all that was worked out on the way: see :class:`ml.kinds.kind.Fitted`."""

    spec: ModelSpec
    found: TrainingSet
    rows: Rows
    parts: Parts
    fit: Fit
    earlier: tuple[EarlierModel, ...]
    powers: list[Power]

    @property
    def estimator(self) -> Any:
        """The estimator of scikit-learn."""
        return self.fit.model.estimator

    @cached_property
    def learnt(self) -> Learnt:
        """What a version keeps of the training."""
        model, found = self.fit.model, self.found
        return replace(
            learnt_rows(found, self.parts, model.encoder, self.fit.spec),
            classes=json.dumps(found.classes, ensure_ascii=False),
            calibration=model.calibration.to_json() if model.calibration else None,
            threshold=model.threshold,
        )

    def judge(self, conn: DuckDBPyConnection, tell: Tell) -> Report:
        """Return what it is worth on the rows held out, and out of fold where asked for."""
        tell(f"judging {self.spec.name}")
        judged, told = self.fit.judged(self.parts)
        report = judge_model(conn, self.spec, self.found, self.fit.model, judged, told)
        if not self.fit.out_of_fold:
            return report
        more = validation(self.fit.out_of_fold)
        return replace(report, evaluations=[*report.evaluations, *more])

    def keep(self, conn: DuckDBPyConnection, version: ModelVersion) -> None:
        """Keep the earlier models, the trials, what each feature tells by itself, what was told."""
        keep_earlier(conn, version, self.earlier, self.spec.trusted)
        keep_trials(conn, version.model, version.version, self.fit.trials)
        keep_powers(conn, self.spec, version.version, self.powers)
        keep_left_out(
            conn,
            version.model,
            version.version,
            version.run_id,
            self.found.source.relation,
            self.rows.left_out,
            version.created_at,
        )
        model, (judged, told) = self.fit.model, self.fit.judged(self.parts)
        if told is None:
            told = model.tell(model.encoder.encode(judged.held.table, at=judged.held.at))
        keep_told(conn, Made.with_version(version), model, told)

    def is_kept(self, conn: DuckDBPyConnection, version: ModelVersion) -> bool:
        """Whether the earlier models are those that ``version`` keeps."""
        return same(conn, version, self.earlier, self.spec.trusted)

    def difference(self, conn: DuckDBPyConnection, version: ModelVersion) -> float:
        """Return the largest difference of what both, or their earlier models, tell of any row."""
        trust = self.spec.trusted
        kept = [registry.load(conn, version, trust)]
        kept += (each.model for each in load_earlier(conn, version, trust) if each.model)
        made = [self.fit.model, *(each.model for each in self.earlier if each.model)]
        return largest_difference(kept, made, self.rows)
