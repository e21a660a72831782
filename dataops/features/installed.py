"""The macros in a project: written there as files of its own, and held to be those of goldloop."""

import re
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


def install_macros(folder: Path) -> list[Path]:
    """Write the macros into ``folder`` and return the files; others that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for source in sorted(MACROS.iterdir()):
        target = folder / source.name
        if source.resolve() != target.resolve():
            target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        written.append(target)
    return written


def check_macros(manifest: Manifest, folder: Path) -> None:
    """Refuse a project in ``folder`` that calls the macros and lacks them, or has others.

    Raises UsageError naming the file. dbt itself says nothing of an unknown macro until it builds.
    """
    project = manifest.raw["metadata"].get("project_name")
    macros = manifest.raw.get("macros", {})
    own = {macro["name"]: macro for macro in macros.values() if macro["package_name"] == project}
    for node in manifest.raw["nodes"].values():
        called = _CALL.search(str(node.get("raw_code") or ""))
        name = called and (called[1] or called[2])
        if name and name not in {macro["name"] for macro in macros.values()}:
            raise UsageError(
                f"{node['original_file_path']} calls {name}, a macro the project has not",
                fix=f"type: {INSTALL}",
            )
    for source in sorted(MACROS.glob("*.sql")):
        macro = own.get(source.stem)
        if macro is None:
            continue
        path = folder / macro["original_file_path"]
        if path.read_text(encoding="utf-8") != source.read_text(encoding="utf-8"):
            raise UsageError(
                f"{macro['original_file_path']} is not the macro of this goldloop, so training "
                "and serving could differ",
                fix=f"type: {INSTALL} (changes of your own go into a macro of another name)",
            )
