"""What a declaration may say of how photos are described, held against what is allowed.

Kept apart from what describes them, so that a declaration is checked without scikit-image.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from ml.declaration.refusals import shown

Descriptor = Literal["hog", "lbp", "colour"]
# Parameter: what it says, as docs/ml.md has it.
DESCRIBING: Mapping[str, str] = {
    "size": "Pixels that each photo is made wide and high: 32 to 512, 128 unless given.",
    "descriptors": "What is measured: `hog` (shapes), `lbp` (texture), `colour`; all three "
    "unless given.",
    "cells": "HOG counts the directions of edges in this many by this many cells: 2 to 32, at "
    "least 4 pixels each; 8 unless given.",
}
_SIZES, _CELLS, _LEAST_CELL = (32, 512), (2, 32), 4


def wrongly_described(params: Mapping[str, Any], key: str) -> Iterator[str]:
    """Yield one line for each of ``params``, which stand at ``key``, that is not allowed."""
    size, cells = params.get("size", 128), params.get("cells", 8)
    yield from _whole(size, _SIZES, f"{key}.size")
    yield from _whole(cells, _CELLS, f"{key}.cells")
    if type(size) is int and type(cells) is int and size < cells * _LEAST_CELL:
        yield (
            f"{key}.cells is {cells}, which leaves {size // max(cells, 1)} pixels of a size of "
            f"{size} to a cell; allowed: {_LEAST_CELL} or more"
        )
    named, known = params.get("descriptors"), get_args(Descriptor)
    if named is not None and not (
        isinstance(named, list | tuple)
        and named
        and all(isinstance(each, str) and each in known for each in named)
        and len(set(named)) == len(named)
    ):
        yield (
            f"{key}.descriptors is {shown(named)}; allowed: a list of one or more of "
            f"{', '.join(known)}, each once"
        )


def _whole(value: Any, ends: tuple[int, int], key: str) -> Iterator[str]:
    low, high = ends
    if type(value) is not int or not low <= value <= high:
        yield f"{key} is {shown(value)}; allowed: a whole number from {low} to {high}"
