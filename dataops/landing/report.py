"""What ingest tells its caller: how far it is, and what became of each source."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LandingProgress:
    """How many of a source's new files have been read so far."""

    source: str
    files_done: int
    files_total: int


ProgressCallback = Callable[[LandingProgress], None]


@dataclass
class SourceReport:
    """What one call of ingest did for one source.

    ``rows`` = ``loaded`` + ``rejected``, over the files read by this call. ``error`` is set if the
    source as a whole could not be loaded; then nothing of it was written.
    """

    source: str
    files_seen: int = 0
    files_loaded: int = 0
    files_skipped: int = 0
    files_failed: int = 0
    rows: int = 0
    loaded: int = 0
    rejected: int = 0
    messages: list[str] = field(default_factory=list)
    error: str | None = None

    @property
    def is_ok(self) -> bool:
        """True if the source was loaded and none of its files failed."""
        return self.error is None and self.files_failed == 0


class Notes:
    """Messages about files: one for all the files it holds for, so that a report stays readable."""

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def add(self, file: str, text: str) -> None:
        """Note ``text`` about ``file``."""
        self._files.setdefault(text, []).append(file)

    def messages(self) -> list[str]:
        """Return each text with the first file it was noted for and how many more there are."""
        return [f"{_named(files)}: {text}" for text, files in self._files.items()]


def _named(files: list[str]) -> str:
    more = len(files) - 1
    return files[0] + (f" and {more} more file{'s' if more > 1 else ''}" if more else "")
