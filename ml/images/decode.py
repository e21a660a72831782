"""A photo decoded: its header first, held against limits, then its pixels, upright, in RGB."""

import io
import re
import struct
import warnings
import zlib

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

MOST_BYTES = 64 << 20
MOST_PIXELS = 64_000_000
# Those that Pillow decodes by itself: none that calls another program, such as EPS.
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
_SIXTEEN_BITS = 65_535
# How a photo is turned upright, by what its EXIF says.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
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


def decoded_at(image: Image.Image, size: int) -> int:
    """Return how many pixels are decoded of what :func:`opened` gave, to show it at ``size``."""
    # A JPEG is decoded at the least of 1/1, 1/2, 1/4 and 1/8 that is large enough.
    image.draft("RGB", (size, size))
    width, height = image.size
    return width * height


def pixels(image: Image.Image, size: int) -> Pixels:
    """Return the pixels [size, size, 3] of what :func:`opened` gave, turned as its EXIF says.

    It is stretched to a square. What is transparent is laid on white; 16 bits become 8; of an
    animation the first frame counts. Raises Unreadable where the pixels cannot be decoded.
    """
    try:
        decoded_at(image, size)
        image.load()
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
        # Made small first: of a large photo each copy counts, and this is the same in the end.
        square = _mixable(image).resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0)
        upright = square if turn is None else square.transpose(turn)
        return np.asarray(_on_white(upright), dtype=np.uint8)
    except _DAMAGED as error:
        raise _damaged(error) from error


def _mixable(image: Image.Image) -> Image.Image:
    """Return ``image`` in a mode of 8 bits whose pixels can be mixed, as those of a palette cannot.

    What is transparent has a channel that says so.
    """
    if image.mode == "F":
        raise Unreadable(
            "its pixels are fractions; allowed: whole numbers of 8 or 16 bits",
            "deliver it as PNG or JPEG",
        )
    if image.mode.startswith("I"):
        deep = np.asarray(image)
        if deep.dtype.itemsize > 2:
            deep = np.clip(deep, 0, _SIXTEEN_BITS)
        return Image.fromarray((deep >> 8).astype(np.uint8))
    if image.mode == "PA" or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB") if image.mode in ("1", "P") else image


def _on_white(image: Image.Image) -> Image.Image:
    """Return ``image`` in RGB, what is transparent laid on white."""
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
