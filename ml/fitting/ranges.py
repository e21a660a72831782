"""Settings drawn by seed from the ranges that ``tune.params`` declares."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ml.declaration.estimator import Range

# So many draws in a row that were all drawn before mean that there are no others.
_PATIENCE = 200

Setting = dict[str, Any]


def draw(ranges: Mapping[str, Range], trials: int, seed: int) -> list[Setting]:
    """Return up to ``trials`` different settings, the same ones for the same seed.

    Fewer where the ranges have no more: each is then tried once.
    """
    random = np.random.default_rng(seed)
    settings: dict[str, Setting] = {}
    missed = 0
    while len(settings) < trials and missed < _PATIENCE:
        setting = {name: _value(ranges[name], random) for name in sorted(ranges)}
        text = json.dumps(setting, sort_keys=True)
        missed = missed + 1 if text in settings else 0
        settings.setdefault(text, setting)
    return list(settings.values())


def ends(ranges: Mapping[str, Range]) -> Iterator[tuple[str, Any]]:
    """Yield each parameter with each value listed for it, or with the two ends of its range."""
    for name, each in ranges.items():
        for value in (each.low, each.high) if each.values is None else each.values:
            yield name, value


def _value(each: Range, random: np.random.Generator) -> Any:
    if each.values is not None:
        return each.values[int(random.integers(len(each.values)))]
    low, high = each.low, each.high
    if low is None or high is None:
        raise ValueError("a range has values or both ends")
    if not (isinstance(low, int) and isinstance(high, int)):
        return _between(float(low), float(high), each.log, random)
    if not each.log:
        return int(random.integers(low, high + 1))
    # Each whole number has the log range from half below it to half above it.
    drawn = _between(low - 0.5, high + 0.5, True, random)
    return min(max(round(drawn), low), high)


def _between(low: float, high: float, log: bool, random: np.random.Generator) -> float:
    if log:
        return min(max(float(np.exp(random.uniform(np.log(low), np.log(high)))), low), high)
    return float(random.uniform(low, high))
