"""The state a sandbox's dbt compares with: the release's manifest, as seen from the sandbox."""

import json
from pathlib import Path

from dataops.artifacts import MANIFEST
from dataops.manifest import Manifest

# The catalog of a sandbox's own file.
SANDBOX = "sandbox"


def write_state(found: Path, state: Path) -> None:
    """Copy the manifest in the folder ``found`` to the folder ``state``.

    A node keeps its database, for that is where dbt's ``--defer`` reads it. A source has the
    sandbox's: dbt takes a source of another database for a modified one. Raises UsageError when
    there is no manifest.
    """
    raw = dict(Manifest.read(found / MANIFEST).raw)
    raw["sources"] = {id_: source | {"database": SANDBOX} for id_, source in raw["sources"].items()}
    state.mkdir(exist_ok=True)
    (state / MANIFEST).write_text(json.dumps(raw), encoding="utf-8")
