"""The macros in a project: written there as files of its own, and held to be those of goldloop."""

import re
from dataclasses import dataclass
from pathlib import Path

from dataops.manifest import Manifest
from ml.errors import UsageError

MACROS = Path(__file__).with_name("macros")
INSTALL = "goldloop features install"
# The macros that models call; the others are called by these.
CALLED = (
    "training_set",
    "feature_snapshot",
    "judged_events",
    "sessions",
    "session_totals",
    "identities",
    "stitched_events",
    "behaviour",
)
_CALL = re.compile(
    # What follows is a word of SQL too, and a call of ours only where a macro is called.
    rf"\b({'|'.join(CALLED[:2])})\s*\(|{{{{-?\s*({'|'.join(CALLED[2:])})\s*\("
)


@dataclass(frozen=True)
class MacroSet:
    """Macros that go together: their ``folder``, how a ``call`` of one looks, what installs them.

    The name of the macro called is one of the groups of ``call``.
    """

    folder: Path
    call: re.Pattern[str]
    install: str


FEATURES = MacroSet(MACROS, _CALL, INSTALL)


def install_macros(folder: Path, macros: MacroSet = FEATURES) -> list[Path]:
    """Write the macros into ``folder`` and return the files; others that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for source in sorted(macros.folder.iterdir()):
        target = folder / source.name
        if source.resolve() != target.resolve():
            target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        written.append(target)
    return written


def check_macros(manifest: Manifest, folder: Path, macros: MacroSet = FEATURES) -> None:
    """Refuse a project in ``folder`` that calls the macros and lacks them, or has others.

    Raises UsageError naming the file. dbt itself says nothing of an unknown macro until it builds.
    """
    project = manifest.raw["metadata"].get("project_name")
    known = manifest.raw.get("macros", {})
    own = {macro["name"]: macro for macro in known.values() if macro["package_name"] == project}
    for node in manifest.raw["nodes"].values():
        called = macros.call.search(str(node.get("raw_code") or ""))
        name = next((group for group in called.groups() if group), None) if called else None
        if name and name not in {macro["name"] for macro in known.values()}:
            raise UsageError(
                f"{node['original_file_path']} calls {name}, a macro the project has not",
                fix=f"type: {macros.install}",
            )
    for source in sorted(macros.folder.glob("*.sql")):
        macro = own.get(source.stem)
        if macro is None:
            continue
        path = folder / macro["original_file_path"]
        if path.read_text(encoding="utf-8") != source.read_text(encoding="utf-8"):
            raise UsageError(
                f"{macro['original_file_path']} is not the macro of this goldloop, so training "
                "and serving could differ",
                fix=f"type: {macros.install} (changes of your own go into a macro of another name)",
            )
