"""``tune``: the search for an estimator's parameters, by successive halving.

Every setting is first judged on a small sample of the rows learnt from; the best third goes on to
three times as many rows, and so on, until the last few are judged on all of them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from ml import estimators
from ml.data.dataset import Rows, TrainingSet
from ml.data.folds import Fold, sample
from ml.declaration.estimator import Tune
from ml.declaration.measures import MEASURES
from ml.evaluation.bootstrap import Measurable
from ml.evaluation.evaluate import evaluate
from ml.fitting.out_of_fold import judge_folds, make_folds
from ml.fitting.ranges import Setting, draw, ends
from ml.spec import ModelSpec

FACTOR = 3
LEAST_ROWS = 1_000

Tell = Callable[[str], None]
# Gives what a setting tells of each fold; it calls its last argument before each.
Judge = Callable[
    [ModelSpec, TrainingSet, Rows, list[Fold], Callable[[int], None]], list[Measurable]
]


@dataclass(frozen=True)
class Trial:
    """One setting judged on one rung; ``value`` is the mean of ``metric`` over the folds.

    It is None where the metric is defined in no fold. ``seconds`` is what the judging took.
    """

    trial: int
    rung: int
    params: Setting
    rows: int
    metric: str
    value: float | None
    seconds: float


def with_params(spec: ModelSpec, params: Setting) -> ModelSpec:
    """Return ``spec`` with ``params`` beside those declared."""
    together = MappingProxyType({**spec.estimator.params, **params})
    estimator = spec.estimator.model_copy(update={"params": together})
    return spec.model_copy(update={"estimator": estimator})


def check_ranges(spec: ModelSpec) -> None:
    """Raise UsageError for a value of ``tune.params`` that scikit-learn refuses."""
    for name, value in ends(spec.tune.params) if spec.tune else ():
        estimators.check_params(with_params(spec, {name: value}))


def tuned(
    spec: ModelSpec,
    found: TrainingSet,
    rows: Rows,
    tell: Tell,
    clock: Callable[[], float] = time.monotonic,
    judge: Judge | None = None,
) -> tuple[ModelSpec, tuple[Trial, ...]]:
    """Return ``spec`` with the parameters found best on ``rows``, and every trial made.

    ``judge`` tells what each fold is worth; without one the label does.
    The same seed and rows give the same, unless ``tune.minutes`` run out by ``clock``: then the
    best of the highest rung that has any is taken. Raises PipelineError where a setting cannot be
    fitted, or the rows cannot be cut into folds.
    """
    if spec.tune is None:
        return spec, ()
    search = _Search(spec, spec.tune, found, rows, tell, clock, judge or _by_label)
    best = search.run()
    return with_params(spec, best.params), tuple(search.trials)


def rungs(trials: int, rows: int) -> list[tuple[int, int]]:
    """Return how many settings are judged on how many rows, rung by rung; the last on all."""
    steps = 0
    while FACTOR ** (steps + 1) <= trials and rows // FACTOR ** (steps + 1) >= LEAST_ROWS:
        steps += 1
    return [
        (-(-trials // FACTOR**step), rows // FACTOR ** (steps - step)) for step in range(steps + 1)
    ]


def _by_label(
    spec: ModelSpec,
    found: TrainingSet,
    rows: Rows,
    folds: list[Fold],
    before: Callable[[int], None],
) -> list[Measurable]:
    told = judge_folds(spec, found, rows, folds, before)
    return [told.outcome(fold) for fold in told.folds]


class _TimeIsUp(Exception):
    """The minutes are over."""


class _Search:
    def __init__(
        self,
        spec: ModelSpec,
        tune: Tune,
        found: TrainingSet,
        rows: Rows,
        tell: Tell,
        clock: Callable[[], float],
        judge: Judge,
    ) -> None:
        self.spec, self.tune, self.found, self.rows = spec, tune, found, rows
        self.tell, self.clock, self.judge = tell, clock, judge
        self.metric = tune.metric or spec.problem.success[0].metric
        self.ends_at = None if tune.minutes is None else clock() + 60 * tune.minutes
        self.trials: list[Trial] = []

    def run(self) -> Trial:
        """Return the trial that is best."""
        seed = self.spec.estimator.seed
        settings = list(enumerate(draw(self.tune.params, self.tune.trials, seed), start=1))
        ladder = rungs(len(settings), len(self.rows.labels))
        try:
            for rung, (many, rows) in enumerate(ladder, start=1):
                made = self._judge_rung(rung, len(ladder), settings[:many], rows)
                ranked = sorted(made, key=self._rank)
                settings = [(each.trial, each.params) for each in ranked]
        except _TimeIsUp:
            pass
        highest = max(each.rung for each in self.trials)
        return min((each for each in self.trials if each.rung == highest), key=self._rank)

    def _judge_rung(
        self, rung: int, of: int, settings: list[tuple[int, Setting]], many: int
    ) -> list[Trial]:
        rows = self._sampled(many)
        folds = make_folds(self.spec, self.found, rows, self.tune.folds)
        made = []
        for number, (trial, params) in enumerate(settings, start=1):
            where = f"rung {rung} of {of}, {len(rows.labels):,} rows: {number} of {len(settings)}"

            def before(_: int, where: str = where) -> None:
                if self.trials and self.ends_at is not None and self.clock() >= self.ends_at:
                    raise _TimeIsUp
                self.tell(f"tuning {self.spec.name}, {where}{self._so_far()}")

            start = time.monotonic()
            outcomes = self.judge(with_params(self.spec, params), self.found, rows, folds, before)
            values = [self._value(outcome) for outcome in outcomes]
            defined = [value for value in values if value is not None]
            mean = sum(defined) / len(defined) if defined else None
            seconds = time.monotonic() - start
            made.append(Trial(trial, rung, params, len(rows.labels), self.metric, mean, seconds))
            self.trials.append(made[-1])
        return made

    def _sampled(self, many: int) -> Rows:
        total = len(self.rows.labels)
        if many >= total:
            return self.rows
        classes = self.rows.labels.astype("int64") if self.found.classes else None
        return self.rows.take(sample(total, many, self.spec.estimator.seed, classes))

    def _value(self, outcome: Measurable) -> float | None:
        found = (each.value for each in evaluate("fold", outcome) if each.metric == self.metric)
        return next(found, None)

    def _rank(self, trial: Trial) -> tuple[bool, float, int]:
        """Order trials, the best first, of equal ones the one drawn first."""
        worst = trial.value is None
        value = 0.0 if trial.value is None else trial.value
        higher = MEASURES[self.metric].higher_is_better
        return worst, -value if higher else value, trial.trial

    def _so_far(self) -> str:
        if not self.trials:
            return ""
        rung = self.trials[-1].rung
        best = min((each for each in self.trials if each.rung == rung), key=self._rank)
        return "" if best.value is None else f", best {self.metric} {best.value:.4f}"
