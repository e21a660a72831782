"""The landing folder: claimed by a marker, written aside, swapped in when all is written."""

import json
import shutil
from pathlib import Path

from simulator.settings import Settings
from simulator.tables import TABLES

MARKER = ".simulated"
DIRT_RECORD = ".dirt.jsonl"
STAGING = ".writing"
OURS = (*dict.fromkeys(table.source for table in TABLES), DIRT_RECORD)


class Folder:
    """An output folder that is empty, new, or was written by a simulation before.

    Everything is written below ``staging``; ``publish`` moves it into place, so that a reader never
    meets half a file and a killed simulation is simply run again. Raises FileExistsError for a
    folder with content of another origin, NotADirectoryError where ``out`` is a file.
    """

    def __init__(self, out: Path, settings: Settings) -> None:
        self.out = out
        self.staging = out / STAGING
        self._settings = settings
        _refuse_foreign(out)
        out.mkdir(parents=True, exist_ok=True)
        self._mark("writing")
        shutil.rmtree(self.staging, ignore_errors=True)
        self.staging.mkdir()

    def publish(self) -> None:
        """Replace what an earlier simulation wrote by what this one staged."""
        for name in OURS:
            old, new = self.out / name, self.staging / name
            if old.is_dir() and not old.is_symlink():
                shutil.rmtree(old)
            else:
                old.unlink(missing_ok=True)
            if new.exists():
                new.rename(old)
        self.staging.rmdir()
        self._mark("complete")

    def _mark(self, state: str) -> None:
        asked = self._settings
        content = {
            "state": state,
            "days": asked.days,
            "customers": asked.customers,
            "seed": asked.seed,
            "dirt": asked.dirt,
            "start": asked.start.isoformat(),
        }
        aside = self.out / (MARKER + ".new")
        aside.write_text(json.dumps(content, sort_keys=True) + "\n", encoding="utf-8")
        aside.replace(self.out / MARKER)


def _refuse_foreign(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"{out} is a file: name a folder to simulate into")
    if not out.exists() or (out / MARKER).is_file():
        return
    found = sorted(entry.name for entry in out.iterdir() if entry.name != MARKER + ".new")
    if found:
        raise FileExistsError(
            f"{out} holds {found[0]!r} and was not written by a simulation (no {MARKER} in it): "
            "name an empty or new folder, or empty this one yourself"
        )
