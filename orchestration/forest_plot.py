"""An experiment as a picture: each gain with its interval on one axis, in SVG."""

from collections.abc import Iterator
from html import escape

from ml.experiment.result import Experiment, Rung

_WIDTH, _LEFT, _RIGHT, _LINE, _TOP = 860, 300, 160, 28, 64
_COLOURS = {
    "better": "#1a7f37",
    "worse": "#b42318",
    "no difference": "#57606a",
    "cannot tell": "#57606a",
}


def forest_plot(found: Experiment) -> str:
    """Return an SVG document with a line for each change of ``found``."""
    drawn = [rung for rung in found.rungs if rung.gain and rung.gain.low is not None]
    reach = max([found.matters, *(_reach(rung) for rung in drawn)]) or 1.0
    height = _TOP + _LINE * len(drawn) + 40
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
            f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13">',
            f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
            _text(16, 28, f"{found.model}: gain in {found.metric}, {found.judged:,} rows judged"),
            *_axis(found, reach, height),
            *(part for at, rung in enumerate(drawn) for part in _line(found, rung, at, reach)),
            "</svg>\n",
        ]
    )


def _reach(rung: Rung) -> float:
    gain = rung.gain
    ends = (gain.low, gain.high) if gain else ()
    return max((abs(end) for end in ends if end is not None), default=0.0)


def _at(value: float, reach: float) -> float:
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    return middle + value / reach * (_WIDTH - _RIGHT - _LEFT) / 2


def _axis(found: Experiment, reach: float, height: int) -> Iterator[str]:
    bottom, low, high = height - 30, _at(-found.matters, reach), _at(found.matters, reach)
    yield (
        f'<rect x="{low:.1f}" y="{_TOP - 20}" width="{high - low:.1f}" '
        f'height="{bottom - _TOP + 20}" fill="#eef1f4"/>'
    )
    yield _stroke(_at(0, reach), _TOP - 20, _at(0, reach), bottom, "#8c959f")
    for value in (-reach, 0.0, reach):
        yield _text(_at(value, reach), height - 12, f"{value:+.4f}", "middle")


def _line(found: Experiment, rung: Rung, at: int, reach: float) -> Iterator[str]:
    gain, y = rung.gain, _TOP + _LINE * at
    if gain is None or gain.value is None or gain.low is None or gain.high is None:
        return
    verdict = found.verdict(rung)
    yield _text(16, y + 4, rung.change.said)
    yield _stroke(_at(gain.low, reach), y, _at(gain.high, reach), y, _COLOURS[verdict])
    yield f'<circle cx="{_at(gain.value, reach):.1f}" cy="{y}" r="4" fill="{_COLOURS[verdict]}"/>'
    yield _text(_WIDTH - _RIGHT + 12, y + 4, f"{gain.value:+.4f} {verdict}")


def _stroke(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="2"/>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
