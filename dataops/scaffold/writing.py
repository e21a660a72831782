"""Files written together: if what follows fails, none of them is there and none is changed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ml.errors import UsageError


class Written:
    """The files of one command; ``new`` were made by it, ``changed`` were there, with what."""

    def __init__(self) -> None:
        self.new: list[Path] = []
        self.changed: dict[Path, bytes] = {}
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
            # Noted before it is written: half a file is taken back as well.
            self.new.append(path)
            path.write_text(text, encoding="utf-8")

    def change(self, files: Mapping[Path, str]) -> None:
        """Write new text into files that are there; their ends of lines stay as they are."""
        for path, text in files.items():
            before = self.changed.setdefault(path, path.read_bytes())
            end = "\r\n" if b"\r\n" in before else "\n"
            path.write_text(text, encoding="utf-8", newline=end)

    def take_back(self) -> None:
        """Leave the files as they were before, those a person wrote first.

        A file that cannot be taken back does not keep the others from it; the last such error is
        raised in the end. A folder that somebody else has put a file into stays.
        """
        failed: OSError | None = None
        for path, before in self.changed.items():
            try:
                path.write_bytes(before)
            except OSError as error:
                failed = error
        for path in self.new:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                failed = error
        for folder in reversed(self._folders):
            with suppress(OSError):
                folder.rmdir()
        if failed:
            raise failed

    def _folder(self, folder: Path) -> None:
        lacking = [each for each in (folder, *folder.parents) if not each.exists()]
        self._folders += reversed(lacking)
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def all_or_none() -> Iterator[Written]:
    """Take back what was written if the block raises, an interrupt included."""
    written = Written()
    try:
        yield written
    except BaseException:
        written.take_back()
        raise
