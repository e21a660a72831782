"""From raw scores to what is told: link, calibration, decision, as SQL."""

from collections.abc import Sequence

from ml.anatomy.trees import Link
from ml.export.literals import chained, number, text
from ml.fitting.calibration import NEAREST, Calibration, Curve, Sigmoid
from ml.model import Model


def linked(link: Link, outputs: int, divisor: int) -> list[list[str]]:
    """Return, a CTE each, the columns ``p0``, ``p1`` … (``p1`` alone for two classes) told.

    They read the raw scores ``m0``, ``m1`` …
    """
    if link == "sigmoid":
        return [["1e0 / (1e0 + exp(-m0)) as p1"]]
    if link == "softmax":
        raw = [f"m{at}" for at in range(outputs)]
        powers = [
            f"exp({each} - greatest({', '.join(raw)})) as e{at}" for at, each in enumerate(raw)
        ]
        total = chained([f"e{at}" for at in range(outputs)])
        return [powers, [f"e{at} / ({total}) as p{at}" for at in range(outputs)]]
    if link == "proportion":
        kept = [1] if outputs == 2 else list(range(outputs))
        return [[f"m{at} / {number(divisor)} as p{at}" for at in kept]]
    told = "exp(m0)" if link == "exp" else "m0" if divisor == 1 else f"m0 / {number(divisor)}"
    return [[f"{told} as p0"]]


def calibrated(calibration: Calibration, classes: int) -> list[list[str]]:
    """Return, a CTE each, the columns ``c…`` of the probabilities ``p…`` calibrated."""
    if len(calibration.curves) == 1:
        return [[f"{_along(calibration.curves[0], 'p1')} as c1"]]
    each = [f"{_along(curve, f'p{at}')} as d{at}" for at, curve in enumerate(calibration.curves)]
    total = chained([f"d{at}" for at in range(classes)])
    even = number(1 / classes)
    shares = [
        f"case when ({total}) > 0 then d{at} / ({total}) else {even} end as c{at}"
        for at in range(classes)
    ]
    return [each, shares]


def decided(model: Model, prefix: str, type_: str) -> tuple[str, str]:
    """Return the prediction, typed ``type_``, and the score, of the columns ``<prefix>…``."""
    if not model.classes:
        return f"{prefix}0", "cast(null as double)"
    names = [_class(name, type_) for name in model.classes]
    if len(names) == 2:
        above = f"{prefix}1 > 5e-1"
        if model.threshold is not None:
            above = f"{prefix}1 >= {number(model.threshold)}"
        return f"case when {above} then {names[1]} else {names[0]} end", f"{prefix}1"
    told = [f"{prefix}{at}" for at in range(len(names))]
    return _likeliest(names, told), f"greatest({', '.join(told)})"


def _likeliest(names: Sequence[str], told: Sequence[str]) -> str:
    """Return the first of the likeliest classes."""
    cases = []
    for at, name in enumerate(names[:-1]):
        best = " and ".join(f"{told[at]} >= {each}" for each in told[at + 1 :])
        cases.append(f"when {best} then {name}")
    return f"case {' '.join(cases)} else {names[-1]} end"


def _class(name: str, type_: str) -> str:
    return text(name) if type_ == "VARCHAR" else f"cast({text(name)} as {type_})"


def _along(curve: Curve | Sigmoid, score: str) -> str:
    return _rising(curve, score) if isinstance(curve, Sigmoid) else _straight(curve, score)


def _rising(curve: Sigmoid, score: str) -> str:
    """Return Platt's curve at ``score``."""
    known = f"least(greatest({score}, {number(NEAREST)}), {number(1 - NEAREST)})"
    odds = f"{number(curve.slope)} * (ln({known}) - ln(1e0 - {known})) + {number(curve.offset)}"
    return f"1e0 / (1e0 + exp(-({odds})))"


def _straight(curve: Curve, score: str) -> str:
    """Return the curve at ``score``: straight between its points, level beyond its ends."""
    points = list(zip(curve.x, curve.y, strict=True))
    pieces = []
    for (x, y), (next_x, next_y) in zip(points, points[1:], strict=False):
        if next_x > x:
            slope = (next_y - y) / (next_x - x)
            pieces.append((x, f"{number(slope)} * ({score} - {number(x)}) + {number(y)}"))
    last_x, last_y = points[-1]
    pieces.append((last_x, number(last_y)))
    first = number(points[0][1])
    return (
        f"case when {score} < {number(points[0][0])} then {first} else {_piece(pieces, score)} end"
    )


def _piece(pieces: Sequence[tuple[float, str]], score: str) -> str:
    """Return the last piece that begins at or below ``score``, found by halving."""
    if len(pieces) == 1:
        return pieces[0][1]
    half = len(pieces) // 2
    below, above = _piece(pieces[:half], score), _piece(pieces[half:], score)
    return f"case when {score} < {number(pieces[half][0])} then {below} else {above} end"
