"""The parts that pictures in SVG are drawn of."""

from collections.abc import Iterable
from html import escape

# As wide as a letter may be on the whole, of fonts that run wide, at each size.
LETTER, SMALL_LETTER = 8.2, 6.6
SMALL = 11


def document(width: float, height: float, parts: Iterable[str]) -> str:
    """Return an SVG document of ``parts`` on white."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
            f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
            'font-family="sans-serif" font-size="13">',
            box(0, 0, width, height, "white"),
            *parts,
            "</svg>\n",
        ]
    )


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """Return a rectangle filled with ``colour``."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
    )


def stroke(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    """Return a line."""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="2"/>'
    )


def dot(x: float, y: float, colour: str, *, hollow: bool = False) -> str:
    """Return a dot, filled with ``colour`` or ringed by it."""
    paint = f'fill="white" stroke="{colour}" stroke-width="2"' if hollow else f'fill="{colour}"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {paint}/>'


def text(x: float, y: float, told: str, anchor: str = "start", size: int = 13) -> str:
    """Return ``told`` beginning, in the middle, or ending at ``x``."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(told)}</text>"
    )
