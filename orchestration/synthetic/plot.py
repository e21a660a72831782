"""The report of a synthetic set as a picture in SVG: how like, how useful, how private."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ml.synthetic.report import PRIVACY, USEFULNESS
from ml.synthetic.sets import Made
from orchestration.svg import LETTER, SMALL, SMALL_LETTER, box, document, dot, stroke, text
from orchestration.synthetic.lines import Line, of_columns, of_pairs, overall, told

_PLOT, _MARGIN, _LINE, _HEAD, _CELL = 320, 16, 24, 46, 18
_MADE, _REAL, _GREY = "#0550ae", "#57606a", "#d0d7de"
_MOST_COLUMNS = 40
# The darkest cell: pairs that lie so far apart, or farther.
_FAR = 0.2
_CAPTION = "blue: made up; grey ring: real; line: 95 % interval"


@dataclass(frozen=True)
class _Section:
    """Rows under a title; ``alike`` says that they share one axis from ``low`` to ``high``."""

    title: str
    rows: Sequence[Line]
    alike: bool = True

    @property
    def height(self) -> float:
        return _HEAD + _LINE * len(self.rows)

    def axis(self, row: Line) -> tuple[float, float]:
        """Return the values at the two ends of the plot of ``row``."""
        ends = [end for each in (self.rows if self.alike else [row]) for end in _ends(each)]
        low, high = min([0.0, *ends] if self.alike else ends), max(ends)
        return low, high if high > low else low + 1.0


def report_plot(made: Made, lines: Sequence[Line]) -> str:
    """Return the report ``lines`` of ``made`` as an SVG document."""
    sections = list(_sections(lines))
    names = [_name(row) for section in sections for row in section.rows]
    left = 2 * _MARGIN + LETTER * max(map(len, names), default=0)
    title = f"{made.relation}, version {made.version}: {made.rows:,} rows made up"
    right = max((len(_told(row)) for section in sections for row in section.rows), default=0)
    pairs = of_pairs(lines)
    width = left + _PLOT + LETTER * right + 2 * _MARGIN
    width = max(width, LETTER * len(title) + 2 * _MARGIN, _square(pairs, left))
    parts, y = [text(_MARGIN, 26, title), text(_MARGIN, 46, _CAPTION, size=SMALL)], 60.0
    for section in sections:
        parts += _drawn(section, left, y)
        y += section.height
    if pairs:
        parts += _heat(pairs, left, y)
        y += _HEAD + _CELL * len(_columns(pairs)) + _foot(pairs)
    return document(width, y + _MARGIN, parts)


def _sections(lines: Sequence[Line]) -> Iterator[_Section]:
    private = overall(lines, PRIVACY)
    copies = [row for row in private if row["metric"].startswith("copies_")]
    useful = [row for row in overall(lines, USEFULNESS) if not row["metric"].endswith("_gain")]
    near = [row for row in private if row["metric"].startswith("closest_record")]
    shares = [row for row in private if row not in copies and row not in near]
    for section in (
        _Section("how like: total variation of each column", of_columns(lines)[:_MOST_COLUMNS]),
        _Section("how useful: judged on the rows held out, each on its own scale", useful, False),
        _Section("how private: distance to the closest real record", near),
        _Section("how private: shares of rows", shares),
        _Section("how private: share of copies beyond chance", copies),
    ):
        if section.rows:
            yield section


def _drawn(section: _Section, left: float, top: float) -> Iterator[str]:
    yield text(_MARGIN, top + 24, section.title)
    for at, row in enumerate(section.rows):
        y = top + _HEAD + _LINE * at
        low, high = section.axis(row)
        place = [left + _PLOT * (end - low) / (high - low) for end in _ends(row)]
        yield text(_MARGIN, y + 4, _name(row))
        yield box(left, y, _PLOT, 1, _GREY)
        if section.alike:
            zero = left + _PLOT * (0 - low) / (high - low)
            yield stroke(zero, y - _LINE / 2, zero, y + _LINE / 2, _GREY)
        yield from _marks(row, dict(zip(_known(row), place, strict=True)), y)
        yield text(left + _PLOT + _MARGIN, y + 4, _told(row))


def _marks(row: Line, place: dict[str, float], y: float) -> Iterator[str]:
    """Yield the interval and the dot of both sides, the real one under the other."""
    for value, low, high, colour, down in (
        ("real", "real_low", "real_high", _REAL, 3),
        ("value", "low", "high", _MADE, -3),
    ):
        if low in place and high in place:
            yield stroke(place[low], y + down, place[high], y + down, colour)
        if value in place:
            yield dot(place[value], y + down, colour, hollow=value == "real")


def _heat(pairs: Sequence[Line], left: float, top: float) -> Iterator[str]:
    """Yield a square of all pairs: above the diagonal the made-up rows, below it the real ones."""
    names = _columns(pairs)
    at = {name: number for number, name in enumerate(names)}
    yield text(_MARGIN, top + 24, "how like: total variation of each pair of columns")
    yield text(
        _MARGIN, top + 40,
        f"above the diagonal made up, below it real; darkest: {_FAR} or more", size=SMALL,
    )  # fmt: skip
    first = top + _HEAD + 4
    for name, number in at.items():
        yield text(left - 8, first + _CELL * number + 13, name, "end", SMALL)
        x, y = left + _CELL * number + 12, first + _CELL * len(names) + 8
        turned = text(x, y, name, "end", SMALL)
        yield turned.replace("<text ", f'<text transform="rotate(-90 {x:.1f} {y:.1f})" ', 1)
    for row in pairs:
        one, two = at[row["column_name"]], at[row["other_column"]]
        for value, across, down in ((row["value"], two, one), (row["real"], one, two)):
            x, y = left + _CELL * across, first + _CELL * down
            yield box(x, y, _CELL - 1, _CELL - 1, _shade(value))


def _columns(pairs: Sequence[Line]) -> list[str]:
    return sorted({row[name] for row in pairs for name in ("column_name", "other_column")})


def _square(pairs: Sequence[Line], left: float) -> float:
    return left + _CELL * len(_columns(pairs)) + _MARGIN if pairs else 0.0


def _foot(pairs: Sequence[Line]) -> float:
    return SMALL_LETTER * max(map(len, _columns(pairs))) + 16


def _shade(value: float) -> str:
    """Return a blue that is darker the farther ``value`` is from 0."""
    dark = min(value / _FAR, 1.0)
    red, green, blue = (round(255 + dark * (end - 255)) for end in (5, 80, 174))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _known(row: Line) -> list[str]:
    names = ("value", "low", "high", "real", "real_low", "real_high")
    return [name for name in names if row[name] is not None]


def _ends(row: Line) -> list[Any]:
    return [row[name] for name in _known(row)]


def _name(row: Line) -> str:
    return str(row["column_name"] or row["metric"])


def _told(row: Line) -> str:
    real = told(row, "real")
    return told(row, "") + (f", real {real}" if real else "")
