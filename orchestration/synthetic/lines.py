"""The lines of a synthetic set's report, as its page and its picture pick and tell them."""

from collections.abc import Sequence
from typing import Any

Line = dict[str, Any]


def overall(lines: Sequence[Line], part: str) -> list[Line]:
    """Return the lines of ``part`` that are of all columns."""
    return [line for line in lines if line["part"] == part and line["column_name"] is None]


def of_columns(lines: Sequence[Line]) -> list[Line]:
    """Return how far each column lies apart, by total variation, the farthest first."""
    own = [
        line for line in lines
        if line["column_name"] and not line["other_column"] and line["metric"] == "total_variation"
    ]  # fmt: skip
    return sorted(own, key=lambda line: -line["value"])


def of_pairs(lines: Sequence[Line]) -> list[Line]:
    """Return how far each pair of columns lies apart, by total variation."""
    return [line for line in lines if line["other_column"] and line["metric"] == "total_variation"]


def told(line: Line, side: str) -> str:
    """Return the value of ``side`` (``real``, or nothing for the made-up rows) with its bounds."""
    names = (side or "value", f"{side}_low".strip("_"), f"{side}_high".strip("_"))
    value, low, high = (line[name] for name in names)
    if value is None:
        return ""
    return f"{value:.4f}" + (f" ({low:.4f} to {high:.4f})" if low is not None else "")
