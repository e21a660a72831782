"""dbt's artifacts as a release carries them: the state that deferring and slim CI compare with."""

import json
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

MANIFEST, RUN_RESULTS = "manifest.json", "run_results.json"
BUILT = frozenset({"success", "no-op"})


def add_run_results(found: Path, folder: Path) -> None:
    """Add dbt's results in ``found`` to those of the run in ``folder``; the last word wins."""
    if not found.is_file():
        return
    document = json.loads(found.read_text(encoding="utf-8"))
    path = folder / RUN_RESULTS
    if path.is_file():
        earlier = json.loads(path.read_text(encoding="utf-8"))
        results = {each["unique_id"]: each for each in earlier["results"]}
        results |= {each["unique_id"]: each for each in document["results"]}
        document["results"] = list(results.values())
        document["elapsed_time"] += earlier["elapsed_time"]
    path.write_text(json.dumps(document), encoding="utf-8")


def built_nodes(folder: Path) -> set[str]:
    """Return the unique ids of the nodes that dbt has built in this run."""
    path = folder / RUN_RESULTS
    if not path.is_file():
        return set()
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    return {each["unique_id"] for each in results if each["status"] in BUILT}


def as_built(
    manifest: Mapping[str, Any], before: Mapping[str, Any] | None, built: Set[str]
) -> dict[str, Any]:
    """Return ``manifest`` with each node as it was when it was built last.

    A run of a few assets leaves the others as the release ``before`` has them: were the manifest
    of the run published as it is, `state:modified` would not see what was changed and not built.
    A node that was never built is left out. Where a node was not built, the macros too are those
    of before: rebuilding too much is harmless, too little is not.
    """
    state = dict(manifest)
    old = before or {}
    whole = True
    for part in ("nodes", "exposures"):
        kept = {}
        for unique_id, node in manifest[part].items():
            if unique_id in built or not _is_built(node):
                kept[unique_id] = node
            else:
                whole = False
                if unique_id in old.get(part, {}):
                    kept[unique_id] = old[part][unique_id]
        state[part] = kept
    if not whole:
        state["macros"] = {**manifest["macros"], **old.get("macros", {})}
    return state


def _is_built(node: Mapping[str, Any]) -> bool:
    """Whether a node makes something; tests, analyses and other exposures make nothing."""
    kind = node["resource_type"]
    if kind == "model":
        return bool(node["config"].get("materialized") != "ephemeral")
    return kind in ("seed", "snapshot") or (kind == "exposure" and node.get("type") == "ml")
