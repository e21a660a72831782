"""Photos to vectors, a few at a time: what is remembered is not described twice."""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Condition

import numpy as np
from PIL import Image

from ml.images.decode import MOST_PIXELS, Unreadable, decoded_at, opened, pixels
from ml.images.describe import Vector, describe
from ml.images.description import Description

# So many photos are remembered, 8 kB each as they are described unless told otherwise.
REMEMBERED = 10_000
_MOST_AT_ONCE = 8


@dataclass(frozen=True)
class Described:
    """What a photo came to: its ``vector``, or ``why`` it has none."""

    vector: Vector | None
    why: Unreadable | None = None


@dataclass
class Describer:
    """Describes photos as ``how`` says, by threads; the ``most`` last ones are remembered."""

    how: Description
    most: int = REMEMBERED
    _known: "OrderedDict[str, Described]" = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        blank = np.zeros((self.how.size, self.how.size, 3), dtype=np.uint8)
        self.width = len(describe(blank, self.how))

    def of(self, photos: Sequence[bytes | None]) -> list[Described]:
        """Return what each of ``photos`` came to, in order, the same for the same content."""
        keys = [key_of(photo) for photo in photos]
        fresh = {
            key: photo for key, photo in zip(keys, photos, strict=True) if key not in self._known
        }
        made = dict(zip(fresh, self._made(fresh.values()), strict=True))
        found = [made.get(key) or self._known[key] for key in keys]
        self._known.update(made)
        while len(self._known) > self.most:
            self._known.popitem(last=False)
        return found

    def _made(self, photos: Iterable[bytes | None]) -> list[Described]:
        # Headers are read one by one, which Pillow's limits are held against.
        headers = [_header(photo) for photo in photos]
        one = partial(self._one, _Room(MOST_PIXELS))
        with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_AT_ONCE)) as pool:
            return list(pool.map(one, headers))

    def _one(self, room: "_Room", header: Image.Image | Unreadable) -> Described:
        if isinstance(header, Unreadable):
            return Described(None, header)
        try:
            with room.taken(decoded_at(header, self.how.size)):
                try:
                    shown = pixels(header, self.how.size)
                finally:
                    # The header would keep what was decoded until all photos are done.
                    header.close()
            return Described(describe(shown, self.how))
        except Unreadable as why:
            return Described(None, why)


class _Room:
    """How many pixels all threads together may have decoded, about ten bytes each.

    A photo waits until there is room; one alone always has it.
    """

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._changed = Condition()

    @contextmanager
    def taken(self, wanted: int) -> Generator[None]:
        wanted = min(wanted, self._most)
        with self._changed:
            self._changed.wait_for(lambda: wanted <= self._left)
            self._left -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._left += wanted
                self._changed.notify_all()


def key_of(photo: bytes | None) -> str:
    """Return the sha256 of ``photo`` in hex, as DuckDB's ``sha256`` gives it; empty for none."""
    return "" if photo is None else hashlib.sha256(photo).hexdigest()


def _header(photo: bytes | None) -> Image.Image | Unreadable:
    try:
        return opened(photo)
    except Unreadable as why:
        return why
