"""How a step tells whoever watches its run how far it is; nobody has to watch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


def _unheard(_: str) -> None:
    """Drop what is told: a run from the schedule or the UI has no terminal."""


_watcher: ContextVar[Callable[[str], None]] = ContextVar("watcher", default=_unheard)


def tell(text: str) -> None:
    """Tell the watcher, in a few words, what the running step is at."""
    _watcher.get()(text)


@contextmanager
def watched_by(watcher: Callable[[str], None]) -> Iterator[None]:
    """Let ``watcher`` hear what is told within the block."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)
