"""The folder ``sandboxes`` of a warehouse, and what is in each sandbox."""

import json
import re
import secrets
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from dataops.disk import reported
from dataops.ledger import Event
from dataops.manifest import Manifest
from dataops.sandbox.base import BASE, RELEASE, How, Plan, attach, write_base
from dataops.sandbox.masking import personal_columns
from dataops.sandbox.sample import Sample
from dataops.sandbox.state import SANDBOX, write_state
from dataops.sandbox.tables import show_sources, shown
from dataops.warehouse import FILE, Release, Warehouse
from ml.errors import PipelineError, UsageError
from ml.names import listed
from ml.relation import Relation
from ml.tables import COLUMNS

RECORD, READY = "sandbox.json", "ready"
NAME = re.compile(r"[a-z0-9_][a-z0-9_-]*")
PARSED = Path("target", "partial_parse.msgpack")


@dataclass(frozen=True)
class Sandbox:
    """A sandbox: which release it reads, what of it, and since when."""

    name: str
    release: str
    created_at: str
    sample: str | None = None
    by: tuple[str, ...] = ()
    masked: bool = True
    folder: Path = field(default=Path(), compare=False)

    @property
    def file(self) -> Path:
        """The DuckDB file that is written."""
        return self.folder / f"{SANDBOX}.duckdb"

    @property
    def base(self) -> Path:
        """The DuckDB file of views over the release, masked and sampled."""
        return self.folder / "base.duckdb"

    @property
    def state(self) -> Path:
        """The folder of the manifest that dbt compares with."""
        return self.folder / "state"

    @property
    def target(self) -> Path:
        """The folder of dbt's artifacts."""
        return self.folder / "target"

    @property
    def env(self) -> Path:
        """The shell file that lets a person's own dbt work in the sandbox."""
        return self.folder / "env"

    @property
    def release_file(self) -> Path:
        """The release's DuckDB file, which is only read."""
        return self.folder.parents[1] / "releases" / self.release / FILE

    @property
    def bytes(self) -> int:
        """The size of what was built in it."""
        return self.file.stat().st_size if self.file.is_file() else 0

    @property
    def is_whole(self) -> bool:
        """Whether it was made to the end."""
        return (self.folder / READY).is_file()

    def connect(self) -> DuckDBPyConnection:
        """Connect to the sandbox, in UTC, with its base and its release attached to be read.

        Raises PipelineError when another process has it open or a file is gone.
        """
        try:
            connection = duckdb.connect(str(self.file))
            attach(connection, self.base, BASE)
            attach(connection, self.release_file, RELEASE)
        except duckdb.Error as error:
            raise PipelineError(
                f"sandbox {self.name} cannot be opened: {str(error).splitlines()[0]}",
                fix="close what has it open, or type: "
                f"goldloop sandbox create {self.name} --replace",
            ) from error
        connection.execute("set TimeZone = 'UTC'")
        return connection


@dataclass(frozen=True)
class Sandboxes:
    """Every sandbox of ``warehouse``."""

    warehouse: Warehouse

    @property
    def root(self) -> Path:
        """The folder that holds a folder a sandbox."""
        return self.warehouse.root / "sandboxes"

    def every(self) -> Sequence[Sandbox]:
        """Return every sandbox by name; one whose record cannot be read is left out."""
        found = (_read(path) for path in sorted(self.root.glob(f"*/{RECORD}")))
        return [sandbox for sandbox in found if sandbox]

    def find(self, name: str) -> Sandbox:
        """Return the sandbox ``name``; raises UsageError with those there are."""
        _require_name(name)
        found = _read(self.root / name / RECORD)
        if found is None or not found.is_whole:
            known = [each.name for each in self.every() if each.is_whole]
            raise UsageError(
                f"there is no sandbox '{name}'; there are: {listed(name, known)}",
                fix=f"type: goldloop sandbox create {name}",
            )
        return found

    def create(
        self,
        name: str,
        release: Release,
        manifests: Sequence[Manifest],
        *,
        sample: Sample | None = None,
        replace: bool = False,
        masked: bool = True,
        state: Path | None = None,
    ) -> tuple[Sandbox, list[How]]:
        """Make the sandbox ``name`` over ``release`` and say how each relation is shown.

        ``manifests`` are the release's and the project's as it is now: what either declares is
        shown, what either marks as personal is masked. ``state`` is the folder of the manifest to
        compare with, the release's by default. Raises UsageError for a name that is not allowed or
        taken, PipelineError for a release that is damaged.
        """
        folder = self.require_free(name, replace=replace)
        personal = personal_columns(*manifests) if masked else {}
        sandbox = Sandbox(
            name, release.id, datetime.now(UTC).isoformat(), sample.text if sample else None,
            sample.by if sample else (), masked, folder,
        )  # fmt: skip
        # Pruning looks for sandboxes under the same lock: the release stays from here on.
        with reported(f"making sandbox {name}"), self.warehouse.swapping(f"making sandbox {name}"):
            release.require_whole()
            _clear(folder)
            _write(sandbox)
        try:
            with reported(f"making sandbox {name}"):
                told = self._fill(sandbox, release, manifests, personal, sample, state)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._tell(sandbox, "created")
        return sandbox, told

    def require_free(self, name: str, *, replace: bool) -> Path:
        """Return the folder of a new sandbox ``name``; raises UsageError as :meth:`create` does."""
        _require_name(name)
        folder = self.root / name
        if folder.exists() and not replace:
            raise UsageError(
                f"sandbox '{name}' is there already",
                fix=f"type: goldloop sandbox create {name} --replace, "
                f"or: goldloop sandbox drop {name}",
            )
        return folder

    def drop(self, name: str) -> None:
        """Remove the sandbox ``name``, a half-made one too; raises UsageError without one."""
        _require_name(name)
        folder = self.root / name
        if not folder.is_dir():
            self.find(name)
        sandbox = _read(folder / RECORD)
        with reported(f"removing sandbox {name}"):
            shutil.rmtree(folder)
        if sandbox:
            self._tell(sandbox, "dropped")

    def built(self, sandbox: Sandbox, failure: str | None) -> None:
        """Tell the ledger that ``sandbox`` was built in, and why that failed."""
        self._tell(sandbox, "failed" if failure else "built", failure)

    def _fill(
        self,
        sandbox: Sandbox,
        release: Release,
        manifests: Sequence[Manifest],
        personal: Mapping[Relation, Collection[str]],
        sample: Sample | None,
        state: Path | None,
    ) -> list[How]:
        relations, whole = shown(manifests)
        plan = Plan(relations | COLUMNS.keys(), personal, secrets.token_hex(8), sample, whole)
        told = write_base(sandbox.base, release.file, plan)
        show_sources(sandbox.file, sandbox.base, release.file, manifests)
        write_state(state or release.folder, sandbox.state)
        (sandbox.folder / READY).touch()
        return told

    def _tell(self, sandbox: Sandbox, outcome: str, message: str | None = None) -> None:
        self.warehouse.ledger.append(
            Event(
                kind="sandbox", outcome=outcome, name=sandbox.name, release=sandbox.release,
                message=message, bytes=sandbox.bytes, ended_at=datetime.now(UTC),
            )
        )  # fmt: skip


def _clear(folder: Path) -> None:
    """Make ``folder`` empty but for what dbt has parsed: the next sandbox here need not again."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    for path in folder.iterdir():
        if path.is_dir() and path.name != PARSED.parts[0]:
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
    for path in (folder / PARSED.parts[0]).glob("*"):
        if path.name != PARSED.name:
            path.unlink() if path.is_file() else shutil.rmtree(path)


def _require_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot name a sandbox; allowed: a to z, 0 to 9, _ and -",
            fix="type: goldloop sandbox create my-change",
        )


def _read(path: Path) -> Sandbox | None:
    known = {each.name for each in fields(Sandbox)} - {"folder"}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        kept = {key: value for key, value in document.items() if key in known}
        return Sandbox(**kept | {"by": tuple(kept.get("by", ()))}, folder=path.parent)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _write(sandbox: Sandbox) -> None:
    document = asdict(sandbox)
    del document["folder"]
    path = sandbox.folder / RECORD
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
