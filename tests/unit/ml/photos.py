"""Photos for the tests: two kinds that can be told apart, and every way in which one can be bad."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def encoded(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def stripes(seed: int, *, upright: bool, side: int = 48) -> np.ndarray:
    """Stripes of some width, upright or lying, with noise: [side, side, 3]."""
    random = np.random.default_rng(seed)
    width, shift = random.integers(4, 9), random.integers(0, 8)
    wave = ((np.arange(side) + shift) // width % 2) * 140 + 40
    grey = np.tile(wave, (side, 1)) if upright else np.tile(wave[:, None], (1, side))
    noisy = grey[:, :, None] + random.normal(0, 12, (side, side, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def bomb(side: int = 20_000) -> bytes:
    """A PNG of a few kilobytes whose header says that it is ``side`` by ``side`` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


# What is bad, by its key: its bytes and a word of the reason.
BAD = {
    "null": (None, "there is no photo"),
    "text": (b"this is no photo at all", "no image"),
    "empty": (b"", "zero bytes"),
    "bomb": (bomb(), "400,000,000 pixels"),
    "large": (bomb(9_000), "9,000 by 9,000 pixels"),
    "cut": (encoded(stripes(1, upright=True), "JPEG")[:700], "cannot be decoded"),
    "cut_png": (encoded(stripes(1, upright=True))[:2_000], "cannot be decoded"),
}
