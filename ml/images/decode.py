"""A photo decoded: its header first, held against limits, then its pixels, upright, in RGB."""

import io
import re
import struct
import warnings
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 64 << 20
MOST_PIXELS = 64_000_000
# Those that Pillow decodes by itself: none that calls another program, such as EPS.
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
_SIXTEEN_BITS = 65_535
# What damaged files make Pillow's decoders say.
_DAMAGED = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

Pixels = npt.NDArray[np.uint8]


class Unreadable(Exception):
    """A photo that cannot be read; ``reason`` says what is wrong, ``remedy`` what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} — {remedy}")
        self.reason = reason
        self.remedy = remedy


ABSENT = Unreadable("there is no photo (null)", "deliver one, or leave the row out in SQL")


def opened(content: bytes | None) -> Image.Image:
    """Return the photo with its header read and no pixel decoded.

    Raises Unreadable for what is no image, and for one that is beyond the limits.
    """
    if content is None:
        raise ABSENT
    if not content:
        raise Unreadable("it has zero bytes", "deliver the file again")
    if len(content) > MOST_BYTES:
        raise Unreadable(
            f"it has {len(content):,} bytes; allowed: up to {MOST_BYTES:,}",
            "deliver it compressed or smaller",
        )
    try:
        with warnings.catch_warnings():
            # Pillow warns of what is refused below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        # Pillow says how many pixels there are, and no more.
        found = re.search(r"\d+", str(error))
        raise _too_large(f"it has {int(found[0]) if found else MOST_PIXELS:,} pixels") from None
    except UnidentifiedImageError:
        raise Unreadable(
            f"it is no image that can be read (it begins with {content[:8]!r}); "
            f"allowed: {', '.join(FORMATS)}",
            "deliver it in one of these formats, or leave the row out in SQL",
        ) from None
    except _DAMAGED as error:
        raise _damaged(error) from error
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _too_large(f"it is {width:,} by {height:,} pixels")
    return image


def pixels(image: Image.Image, size: int) -> Pixels:
    """Return the pixels [size, size, 3] of what :func:`opened` gave, turned as its EXIF says.

    It is stretched to a square. What is transparent is laid on white; 16 bits become 8; of an
    animation the first frame counts. Raises Unreadable where the pixels cannot be decoded.
    """
    try:
        # A JPEG is decoded at the least of 1/1, 1/2, 1/4 and 1/8 that is large enough.
        image.draft("RGB", (size, size))
        upright = ImageOps.exif_transpose(image)
        square = _coloured(upright).resize(
            (size, size), Image.Resampling.BILINEAR, reducing_gap=3.0
        )
        return np.asarray(square, dtype=np.uint8)
    except _DAMAGED as error:
        raise _damaged(error) from error


def _coloured(image: Image.Image) -> Image.Image:
    """Return ``image`` in RGB, whatever it is in."""
    if image.mode == "F":
        raise Unreadable(
            "its pixels are fractions; allowed: whole numbers of 8 or 16 bits",
            "deliver it as PNG or JPEG",
        )
    if image.mode.startswith("I"):
        deep = np.clip(np.asarray(image, dtype=np.int64), 0, _SIXTEEN_BITS)
        return Image.fromarray((deep // 257).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return image.convert("RGB")


def _too_large(what: str) -> Unreadable:
    return Unreadable(
        f"{what}; allowed: up to {MOST_PIXELS:,} pixels, and it is not decoded",
        "deliver it smaller, or leave the row out in SQL",
    )


def _damaged(error: BaseException) -> Unreadable:
    said = str(error) or type(error).__name__
    return Unreadable(f"it cannot be decoded ({said})", "deliver the file again")
