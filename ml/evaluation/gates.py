"""Whether a version is good enough, and whether it takes the champion's place."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from ml.declaration.problem import Champion, Criterion, Problem
from ml.evaluation.bootstrap import Interval
from ml.evaluation.report import Comparison

Intervals = Mapping[str, Interval]


class Verdict(NamedTuple):
    """What a version becomes, and why where that needs a reason."""

    status: Literal["champion", "challenger", "rejected"]
    reason: str | None = None


def failures(problem: Problem, test: Intervals, baseline: Intervals, gains: Intervals) -> list[str]:
    """Return what each missed criterion missed, in words; nothing when the version is good enough.

    ``test`` and ``baseline`` are the metrics on the rows held out, ``gains`` by how much the
    version is better than the baseline there. A criterion on what is not defined is missed.
    """
    told = (_missed(each, test, baseline, gains) for each in problem.success)
    return [text for text in told if text]


def against_champion(rule: Champion, metric: str, comparison: Comparison | None) -> Verdict:
    """Return what becomes of a version that meets every criterion, beside the champion there is."""
    if comparison is None:
        return Verdict("champion")
    other = comparison.against
    gain = comparison.gains.get(metric, Interval(None))
    if gain.value is None or gain.low is None or gain.high is None:
        why = comparison.reason or f"{metric} of both is not defined on the rows held out"
        said = f"it could not be compared with {other}: {why}"
        # Behind a champion that cannot be read nothing would score.
        takes = rule.rule == "not_worse" or (rule.rule == "better" and not comparison.usable)
        return Verdict("champion" if takes else "challenger", said)
    bounds = f"95 %: {_signed(gain.low)} to {_signed(gain.high)}"
    apart = f"gain in {metric} {_signed(gain.value)} ({bounds})"
    if rule.rule == "manual":
        return Verdict("challenger", f"promoted by hand only; against {other}: {apart}")
    if rule.rule == "better":
        if gain.low > 0:
            return Verdict("champion", f"better than {other}: {apart}")
        return Verdict("challenger", f"not better than {other} beyond chance: {apart}")
    if gain.high < 0 and comparison.fresh:
        return Verdict("rejected", f"worse than {other}: {apart}")
    if gain.high < 0:
        why = f"{other} has learnt from these rows, or may have, so that its lead does not count"
        return Verdict("champion", f"{why}: {apart}")
    return Verdict("champion", f"not worse than {other}: {apart}")


def _missed(
    criterion: Criterion, test: Intervals, baseline: Intervals, gains: Intervals
) -> str | None:
    name = criterion.metric
    found = test.get(name, Interval(None))
    if found.value is None:
        return f"{name} is not defined on the rows held out"
    if criterion.at_least is not None:
        met, what = _judged(criterion, found.value, found.low)
        passed = met >= criterion.at_least
        return None if passed else f"{name} is {what}, not at least {criterion.at_least}"
    if criterion.at_most is not None:
        met, what = _judged(criterion, found.value, found.high)
        passed = met <= criterion.at_most
        return None if passed else f"{name} is {what}, not at most {criterion.at_most}"
    return _not_beaten(criterion, found, baseline.get(name), gains.get(name))


def _judged(criterion: Criterion, value: float, bound: float | None) -> tuple[float, str]:
    """Return what is held against the criterion, and that in words."""
    if criterion.judge == "value" or bound is None:
        return value, f"{value:.4f}"
    return bound, f"{value:.4f} and may be {bound:.4f} (95 %)"


def _not_beaten(
    criterion: Criterion, found: Interval, baseline: Interval | None, gain: Interval | None
) -> str | None:
    name, by = criterion.metric, criterion.beats_baseline_by
    assert by is not None  # the declaration has exactly one bound
    if baseline is None or gain is None or baseline.value is None or gain.value is None:
        return f"{name} of the baseline is not defined on the rows held out"
    wanted = f"better than the baseline's {baseline.value:.4f} by {by}"
    if gain.value < by:
        return f"{name} is {found.value:.4f}, not {wanted}"
    # A criterion that lets the baseline win by something is not about beating it.
    if criterion.judge == "bound" and (gain.low is None or gain.low <= min(0.0, by)):
        low = "not known" if gain.low is None else _signed(gain.low)
        return (
            f"{name} is {found.value:.4f}, {_signed(gain.value)} on the baseline's "
            f"{baseline.value:.4f}, but the gain may be {low} (95 %)"
        )
    return None


def _signed(value: float) -> str:
    return f"{value:+.4f}"
