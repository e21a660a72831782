"""An experiment as a picture: each gain with its interval on one axis, in SVG."""

from collections.abc import Iterator
from dataclasses import dataclass

from ml.experiment.result import Experiment, Rung
from orchestration.svg import LETTER, SMALL, SMALL_LETTER, box, document, dot, stroke, text

_PLOT, _MARGIN, _LINE, _TOP = 400, 16, 28, 84
_COLOURS = {
    "better": "#1a7f37",
    "worse": "#b42318",
    "no difference": "#57606a",
    "cannot tell": "#57606a",
}


@dataclass(frozen=True)
class _Frame:
    """Where things stand: the plot begins at ``left``; ``reach`` is the gain at its ends."""

    left: float
    width: float
    height: float
    reach: float

    @property
    def right(self) -> float:
        return self.left + _PLOT

    def at(self, gain: float) -> float:
        return self.left + _PLOT / 2 + gain / self.reach * _PLOT / 2


def forest_plot(found: Experiment) -> str:
    """Return an SVG document with a line for each change of ``found``."""
    caption = (
        "dot and line: gain and its 95 % interval, right of 0 is better; "
        f"grey band: within {found.matters:.4f} makes no difference"
    )
    title = f"{found.model}: gain in {found.metric}, {found.judged:,} rows judged"
    frame = _frame(found, title, caption)
    rows = (part for at, rung in enumerate(found.rungs) for part in _line(found, rung, at, frame))
    return document(
        frame.width,
        frame.height,
        [
            text(_MARGIN, 26, title),
            text(_MARGIN, 46, caption, size=SMALL),
            *_axis(found, frame),
            *rows,
        ],
    )


def _frame(found: Experiment, title: str, caption: str) -> _Frame:
    labels = [rung.change.said for rung in found.rungs]
    left = 2 * _MARGIN + LETTER * max(map(len, labels), default=0)
    told = LETTER * max((len(_told(found, rung)) for rung in found.rungs), default=0)
    written = max(LETTER * len(title), SMALL_LETTER * len(caption))
    reach = max([found.matters, *map(_reach, found.rungs)]) or 1.0
    return _Frame(
        left,
        max(left + _PLOT + told, written) + 2 * _MARGIN,
        _TOP + _LINE * len(found.rungs) + 40,
        reach,
    )


def _reach(rung: Rung) -> float:
    ends = (rung.gain.low, rung.gain.high) if rung.gain else ()
    return max((abs(end) for end in ends if end is not None), default=0.0)


def _axis(found: Experiment, frame: _Frame) -> Iterator[str]:
    bottom, low, high = frame.height - 30, frame.at(-found.matters), frame.at(found.matters)
    yield box(low, _TOP - 20, high - low, bottom - _TOP + 20, "#eef1f4")
    yield stroke(frame.at(0), _TOP - 20, frame.at(0), bottom, "#8c959f")
    for value in (-frame.reach, 0.0, frame.reach):
        told = f"{value:+.4f}" if value else "0"
        yield text(frame.at(value), frame.height - 12, told, "middle")


def _line(found: Experiment, rung: Rung, at: int, frame: _Frame) -> Iterator[str]:
    gain, y = rung.gain, _TOP + _LINE * at
    yield text(_MARGIN, y + 4, rung.change.said)
    yield text(frame.right + _MARGIN, y + 4, _told(found, rung))
    if gain is None or gain.value is None or gain.low is None or gain.high is None:
        return
    colour = _COLOURS[found.verdict(rung)]
    yield stroke(frame.at(gain.low), y, frame.at(gain.high), y, colour)
    yield dot(frame.at(gain.value), y, colour)


def _told(found: Experiment, rung: Rung) -> str:
    gain = rung.gain
    if gain is None or gain.value is None or gain.low is None:
        return "not defined"
    return f"{gain.value:+.4f} {found.verdict(rung)}"
