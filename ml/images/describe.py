"""The descriptors of one photo: shapes (HOG), texture (LBP) and colour, by scikit-image.

Dalal, N. and Triggs, B. "Histograms of oriented gradients for human detection", CVPR 2005. Ojala,
T., Pietikäinen, M. and Mäenpää, T. "Multiresolution gray-scale and rotation invariant texture
classification with local binary patterns", PAMI 24 (2002).
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from skimage.color import rgb2gray, rgb2hsv
from skimage.feature import hog, local_binary_pattern

from ml.declaration.images import Descriptor
from ml.images.decode import Pixels
from ml.images.description import Description

Vector = npt.NDArray[np.float32]
_ANGLES = 9
_BLOCK = 2
# Points and radius of each ring around a pixel; a uniform pattern of n points has n + 2 values.
_RINGS = ((8, 1), (16, 2), (24, 3))
_LBP_GRID = 2
_COLOUR_GRID = 2
_BINS = 16


def describe(pixels: Pixels, how: Description) -> Vector:
    """Return the descriptors of ``pixels`` [size, size, 3], one after another."""
    parts = [_MEASURED[each](pixels, how) for each in how.descriptors]
    return np.concatenate(parts).astype(np.float32)


def _hog(pixels: Pixels, how: Description) -> npt.NDArray[np.float64]:
    side = how.size // how.cells
    found: npt.NDArray[np.float64] = hog(
        rgb2gray(pixels),
        orientations=_ANGLES,
        pixels_per_cell=(side, side),
        cells_per_block=(_BLOCK, _BLOCK),
        block_norm="L2-Hys",
    )
    return found


def _lbp(pixels: Pixels, how: Description) -> npt.NDArray[np.float64]:
    """Return the shares of each uniform pattern in each part of the photo, ring by ring."""
    grey = np.rint(rgb2gray(pixels) * 255).astype(np.uint8)
    found = []
    for points, radius in _RINGS:
        codes = _patterns(grey, points, radius)
        found += [_shares(part, points + 2) for part in _parts(codes, _LBP_GRID)]
    return np.concatenate(found)


def _patterns(grey: npt.NDArray[np.uint8], points: int, radius: int) -> npt.NDArray[np.int64]:
    found = local_binary_pattern(grey, points, radius, method="uniform")  # type: ignore[no-untyped-call]
    return np.asarray(found, dtype=np.int64)


def _colour(pixels: Pixels, how: Description) -> npt.NDArray[np.float64]:
    """Return the shares of hue, saturation and value in each part of the photo."""
    bins = np.minimum((rgb2hsv(pixels) * _BINS).astype(np.int64), _BINS - 1)
    return np.concatenate(
        [
            _shares(part[..., channel], _BINS)
            for part in _parts(bins, _COLOUR_GRID)
            for channel in range(3)
        ]
    )


def _parts(of: npt.NDArray[np.int64], grid: int) -> list[npt.NDArray[np.int64]]:
    """Return ``of`` cut into ``grid`` by ``grid`` parts, row by row."""
    rows = np.array_split(of, grid, axis=0)
    return [part for row in rows for part in np.array_split(row, grid, axis=1)]


def _shares(codes: npt.NDArray[np.int64], many: int) -> npt.NDArray[np.float64]:
    return np.asarray(np.bincount(codes.ravel(), minlength=many) / codes.size)


_MEASURED: Mapping[Descriptor, Callable[[Pixels, Description], npt.NDArray[np.float64]]] = {
    "hog": _hog,
    "lbp": _lbp,
    "colour": _colour,
}
