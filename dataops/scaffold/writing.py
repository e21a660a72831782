"""Files written together: if what follows fails, none of them is there and none is changed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ml.errors import UsageError


class Written:
    """The files of one command; ``new`` were made by it, ``changed`` were there."""

    def __init__(self) -> None:
        self.new: list[Path] = []
        self.changed: dict[Path, str] = {}
        self._folders: list[Path] = []

    def make(self, files: Mapping[Path, str]) -> None:
        """Write files that must not be there yet; raises UsageError naming each that is."""
        there = [str(path) for path in files if path.exists()]
        if there:
            raise UsageError(
                f"{', '.join(there)} is there already", fix="take another name, or remove it"
            )
        for path, text in files.items():
            self._folder(path.parent)
            path.write_text(text, encoding="utf-8")
            self.new.append(path)

    def change(self, files: Mapping[Path, str]) -> None:
        """Write new text into files that are there."""
        for path, text in files.items():
            self.changed.setdefault(path, path.read_text(encoding="utf-8"))
            path.write_text(text, encoding="utf-8")

    def take_back(self) -> None:
        """Leave the files as they were before."""
        for path in self.new:
            path.unlink(missing_ok=True)
        for folder in reversed(self._folders):
            folder.rmdir()
        for path, text in self.changed.items():
            path.write_text(text, encoding="utf-8")

    def _folder(self, folder: Path) -> None:
        lacking = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        self._folders += reversed(lacking)


@contextmanager
def all_or_none() -> Iterator[Written]:
    """Take back what was written if the block raises, an interrupt included."""
    written = Written()
    try:
        yield written
    except BaseException:
        written.take_back()
        raise
