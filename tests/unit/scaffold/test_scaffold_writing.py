"""Files of a command whose writing fails: all that was there is as it was, nothing else is left."""

from pathlib import Path
from typing import Any

import pytest

from dataops.scaffold.writing import Written, all_or_none

HELD = {"old.yml": b"before\r\n", "x.txt": b"\xff"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, held in HELD.items():
        (tmp_path / name).write_bytes(held)
    return tmp_path


def there(folder: Path) -> dict[str, bytes]:
    files = [each for each in folder.rglob("*") if each.is_file()]
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


def command(folder: Path) -> None:
    with all_or_none() as written:
        written.change({folder / "old.yml": "after\n"})
        written.make({folder / "a" / "one.sql": "1", folder / "b" / "two.sql": "2"})


def full_disk(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The disk is full in the middle of the file ``name``."""
    write = Path.write_text

    def planted(path: Path, text: str, **more: Any) -> int:
        if path.name == name:
            write(path, text[:1], **more)
            raise OSError(28, "No space left on device")
        return write(path, text, **more)

    monkeypatch.setattr(Path, "write_text", planted)


@pytest.mark.parametrize("name", ["two.sql", "one.sql", "old.yml"])
def test_a_full_disk_leaves_everything_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    full_disk(monkeypatch, name)
    with pytest.raises(OSError, match="No space left"):
        command(folder)
    assert there(folder) == HELD
    assert sorted(each.name for each in folder.iterdir()) == sorted(HELD)


def test_ends_of_lines_stay_as_they_are(folder: Path) -> None:
    command(folder)
    assert there(folder)["old.yml"] == b"after\r\n"


def test_a_folder_with_a_file_of_somebody_elses_stays(folder: Path) -> None:
    def interrupted(written: Written) -> None:
        written.make({folder / "a" / "one.sql": "1"})
        (folder / "a" / "theirs").write_text("x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), all_or_none() as written:
        interrupted(written)
    assert there(folder) == HELD | {"a/theirs": b"x"}
