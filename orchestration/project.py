"""Where a project, its warehouse and its landing folder are, and the dbt that builds it."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dataops.blocked import Blocked
from dataops.manifest import Manifest
from dataops.warehouse import Warehouse
from ml.errors import UsageError
from orchestration import tethered
from orchestration.profile import write_profile
from orchestration.settings import Settings, read_settings
from orchestration.unknown_names import nearest_told

PROJECT_DIR, HOME, LANDING = "GOLDLOOP_PROJECT_DIR", "GOLDLOOP_HOME", "GOLDLOOP_LANDING"
WAIT = "GOLDLOOP_WAIT_MINUTES"
# The tag of a run that a person started to train: what `retrain` declares does not hold it back.
BY_HAND = "goldloop/train"

# What dbt may read of a project.
PROJECT_FILES = frozenset({".sql", ".yml", ".yaml", ".md", ".csv", ".py"})
# What dbt would tell others about a run, and what it would ask the network for, is off.
QUIET = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DBT_VERSION_CHECK": "false",
}


@dataclass(frozen=True)
class Project:
    """A dbt project with its warehouse folder and the folder its files land in."""

    folder: Path
    home: Path
    landing: Path

    @classmethod
    def locate(
        cls, folder: Path | None = None, home: Path | None = None, landing: Path | None = None
    ) -> "Project":
        """Find the project: an argument wins over the environment, which wins over the default.

        Raises :class:`UsageError` when the folder holds no dbt project.
        """
        folder = (folder or Path(os.environ.get(PROJECT_DIR, "."))).resolve()
        if not (folder / "dbt_project.yml").is_file():
            raise UsageError(
                f"{folder} holds no dbt_project.yml",
                fix="go to a dbt project, or type: goldloop --project-dir <folder> …",
            )
        home = home or Path(os.environ.get(HOME) or folder / "warehouse")
        landing = landing or Path(os.environ.get(LANDING) or folder / "landing")
        return cls(folder, home.resolve(), landing.resolve())

    def export(self) -> None:
        """Tell this process and its children which project they work on."""
        os.environ[PROJECT_DIR] = str(self.folder)
        os.environ[HOME] = str(self.home)
        os.environ[LANDING] = str(self.landing)
        os.environ.update(QUIET)

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse folder."""
        return Warehouse(self.home, self.settings.limits)

    @cached_property
    def settings(self) -> Settings:
        """What ``goldloop.yml`` sets."""
        return read_settings(self.folder)

    @property
    def wait_seconds(self) -> float:
        """How long a run waits for the one before it; raises UsageError when that is no number."""
        text = os.environ.get(WAIT) or str(self.settings.wait_minutes)
        try:
            return max(0.0, float(text) * 60)
        except ValueError as error:
            raise UsageError(
                f"{WAIT} is '{text}'; allowed: a number of minutes", fix=f"unset {WAIT}"
            ) from error

    @property
    def blocked(self) -> Blocked:
        """What of the open run may not be built upon."""
        return Blocked(self.warehouse.candidate.parent)

    @property
    def target(self) -> Path:
        """Where the engine's dbt keeps its artifacts, apart from the person's own ``target``."""
        return self.home / "target"

    @property
    def profiles(self) -> Path:
        """The folder of the profile whose output is the candidate."""
        return self.home / "profiles"

    @cached_property
    def manifest(self) -> Manifest:
        """The project's manifest, parsed by dbt when a file of the project has changed."""
        write_profile(self.folder, self.profiles, self.warehouse.candidate)
        path, stamp = self.target / "manifest.json", self.target / "parsed"
        fingerprint = self.fingerprint
        if not (path.is_file() and stamp.is_file() and stamp.read_text() == fingerprint):
            stamp.unlink(missing_ok=True)
            self._parse()
            stamp.write_text(fingerprint)
        return Manifest.read(path)

    def _parse(self) -> None:
        command = [*dbt_command(), "--quiet", "--no-use-colors", "parse"]
        command += ["--project-dir", str(self.folder), "--profiles-dir", str(self.profiles)]
        command += ["--target-path", str(self.target), "--log-path", str(self.target)]
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ | QUIET, capture_output=True, text=True
        )
        if done.returncode:
            said = done.stdout.strip() or done.stderr.strip()
            names = [path.stem for path in _project_files(self.folder, self.home, self.landing)]
            raise UsageError(
                f"dbt cannot parse {self.folder}:\n{said}{nearest_told(said, names)}",
                fix="correct the file it names, then: dbt parse",
            )

    @property
    def fingerprint(self) -> str:
        """What changes with any file that dbt reads of the project."""
        digest = hashlib.sha256()
        for path in sorted(_project_files(self.folder, self.home, self.landing)):
            stat = path.stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
        return digest.hexdigest()


def dbt_executable() -> str:
    """Return the dbt of the environment this Python runs in, whatever ``PATH`` says."""
    beside = Path(sys.executable).with_name("dbt")
    return str(beside) if beside.exists() else shutil.which("dbt") or "dbt"


def dbt_command() -> list[str]:
    """Return the command that runs dbt as long as this process lives."""
    tether = [sys.executable, "-I", "-S", str(Path(tethered.__file__)), str(os.getpid())]
    return [*tether, dbt_executable()]


def _project_files(folder: Path, *others: Path) -> Iterator[Path]:
    """Every file that dbt could read for this project, leaving out data and environments."""
    for root, names, files in os.walk(folder, followlinks=True):
        here = Path(root)
        names[:] = [
            name
            for name in names
            if not name.startswith(".")
            and name not in ("target", "logs", "node_modules", "__pycache__")
            and (here / name).resolve() not in others
        ]
        yield from (here / name for name in files if Path(name).suffix in PROJECT_FILES)
