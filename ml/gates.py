"""Whether a version is good enough: the criteria of ``problem.success``, one by one."""

from collections.abc import Mapping

from ml.measures import MEASURES
from ml.spec import Criterion, Problem


def failures(
    problem: Problem, test: Mapping[str, float], baseline: Mapping[str, float]
) -> list[str]:
    """Return what each missed criterion missed, in words; nothing when the version is good enough.

    ``test`` and ``baseline`` are the metrics on the rows held out; one that is not there is not
    defined, and a criterion on it is missed.
    """
    told = (_missed(each, test, baseline) for each in problem.success)
    return [text for text in told if text]


def _missed(
    criterion: Criterion, test: Mapping[str, float], baseline: Mapping[str, float]
) -> str | None:
    name = criterion.metric
    if name not in test:
        return f"{name} is not defined on the rows held out"
    value = test[name]
    if criterion.at_least is not None:
        return _unless(value >= criterion.at_least, name, value, f"at least {criterion.at_least}")
    if criterion.at_most is not None:
        return _unless(value <= criterion.at_most, name, value, f"at most {criterion.at_most}")
    assert criterion.beats_baseline_by is not None  # the declaration has exactly one bound
    if name not in baseline:
        return f"{name} of the baseline is not defined on the rows held out"
    gain = MEASURES[name].gain(value, baseline[name])
    wanted = f"better than the baseline's {baseline[name]:.4f} by {criterion.beats_baseline_by}"
    return _unless(gain >= criterion.beats_baseline_by, name, value, wanted)


def _unless(passed: bool, name: str, value: float, wanted: str) -> str | None:
    return None if passed else f"{name} is {value:.4f}, not {wanted}"
