"""The guard: a training with a feature that tells the label by itself is refused."""

from collections.abc import Iterable, Sequence

from duckdb import DuckDBPyConnection

from ml import estimators
from ml.data.dataset import Rows, TrainingSet
from ml.errors import PipelineError, UsageError
from ml.leaks.power import Power, powers
from ml.names import listed
from ml.relation import quote
from ml.spec import ModelSpec
from ml.tables import LEAK_CHECKS


class Leak(PipelineError):
    """Features that know the label; ``columns`` are those of the training set that they are."""

    def __init__(self, problem: str, *, fix: str, columns: Sequence[str] = ()) -> None:
        super().__init__(problem, fix=fix)
        self.columns = tuple(columns)


def check_powers(spec: ModelSpec, found: TrainingSet, rows: Rows) -> list[Power]:
    """Return what each feature of ``rows``, those learnt from, tells of the label by itself.

    Raises Leak for one of which even the lower end of the interval is ``leak_guard.implausible`` or
    more and which ``leak_guard.allow`` does not name, UsageError where that names no feature.
    """
    guard = spec.train.leak_guard
    _check_allowed(spec, found)
    told = powers(found, rows, spec.estimator.seed, estimators.reads(spec) == "text")
    worst = {
        each.feature: each
        for each in sorted(told, key=lambda each: each.low)
        if each.low >= guard.implausible and each.feature not in guard.allow
    }
    if worst:
        raise _refusal(spec, found, [*worst.values()][::-1])
    return told


def keep_powers(
    conn: DuckDBPyConnection, spec: ModelSpec, version: int, told: Iterable[Power]
) -> None:
    """Keep what each feature of ``version`` told by itself, with why it is allowed."""
    allow = spec.train.leak_guard.allow
    rows = [
        {
            "model": spec.name, "version": version, "feature": each.feature,
            "signal": each.signal, "metric": each.metric, "value": each.met, "low": each.low,
            "rows": each.rows, "class": each.told, "part": each.part,
            "allowed": allow.get(each.feature),
        }
        for each in told
    ]  # fmt: skip
    if rows:
        names = ", ".join(map(quote, rows[0]))
        marks = ", ".join("?" * len(rows[0]))
        conn.executemany(
            f"insert into {LEAK_CHECKS.sql} ({names}) values ({marks})",
            [list(row.values()) for row in rows],
        )


def _check_allowed(spec: ModelSpec, found: TrainingSet) -> None:
    names = [each.name for each in found.features]
    for name in spec.train.leak_guard.allow:
        if name not in names:
            raise UsageError(
                f"train.leak_guard.allow names '{name}', which is no feature of ML model "
                f"'{spec.name}'; it has: {listed(name, names)}",
                fix=f"fix train.leak_guard.allow in {spec.file}, then: dbt parse",
            )


def _refusal(spec: ModelSpec, found: TrainingSet, worst: Sequence[Power]) -> Leak:
    limit, reads = spec.train.leak_guard.implausible, {each.name: each for each in found.features}
    told = [f"'{each.feature}': {_told(each)}" for each in worst]
    what = f"feature {told[0]}" if len(told) == 1 else "".join(f"\n  {text}" for text in told)
    made = (reads[each.feature] for each in worst)
    columns = [name for each in made for name in ([name for name, _ in each.reads] or [each.name])]
    names = [each.feature for each in worst]
    return Leak(
        f"what no feature can know of label '{found.label_name}' by itself is in "
        f"{found.source.relation}: {what}; allowed: below {limit:g} at the lower end",
        fix=f"see in the SQL of {found.source.dbt_name} whether it is known at the time a row is "
        f"as of; leave it out (train.features.exclude: [{', '.join(names)}]), or if it is known "
        f"allow it (train.leak_guard.allow: {{{names[0]}: why}}) in {spec.file}, then: dbt parse",
        columns=columns,
    )


def _told(power: Power) -> str:
    met = f"{power.met:.4f} (95 % from {power.low:.4f}, {power.rows:,} rows)"
    if power.signal == "part":
        return f"the rows in which it {power.part} are '{power.told}' to a share of {met}"
    what = "whether it is missing" if power.signal == "missing" else "its value alone"
    name = "ROC AUC" if power.metric == "roc_auc" else "rank correlation"
    return f"{what} has {name} {met}"
