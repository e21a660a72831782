"""What must hold of a warehouse folder after a kill, and after the next run."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dataops.disk import checksum
from dataops.doctor import examine
from dataops.warehouse import Warehouse, count_rows
from ml.errors import GoldloopError
from tests.soak import content

# What may lie in a warehouse folder once no run is open.
AT_REST = {"candidates", "current", "ledger", "lock", "quarantine", "releases", "swap.lock"}


def faults_of_current(warehouse: Warehouse) -> list[str]:
    """Say what is wrong with what readers see: it is one whole release, and its record is true."""
    try:
        release = warehouse.current_release()
        if release is None:
            return []
        with warehouse.read() as connection:
            run = content.read(connection)
            rows = {str(relation): count for relation, count in count_rows(connection).items()}
    except (GoldloopError, duckdb.Error, ValueError) as error:
        return [f"current cannot be read: {error}"]
    facts = {
        "run": (release.run, run),
        "rows": (dict(release.rows), rows),
        "bytes": (release.bytes, release.file.stat().st_size),
        "blake3": (release.blake3, checksum(release.file)),
    }
    return [
        f"release.json says {name} {told}, there is {found}"
        for name, (told, found) in facts.items()
        if told != found
    ]


def faults_at_rest(warehouse: Warehouse) -> list[str]:
    """Say what a finished run has left that it should not have."""
    root, limits = warehouse.root, warehouse.limits
    names = {path.name for path in root.iterdir()} - AT_REST
    found = [f"{name} is left over" for name in sorted(names)]
    found += [f"candidate {path.name} is left over" for path in (root / "candidates").glob("*")]
    held = len(list((root / "quarantine").glob("*")))
    if held > limits.quarantined or held != len(warehouse.quarantined()):
        found.append(f"quarantine holds {held} folders, {len(warehouse.quarantined())} readable")
    folders, releases = set((root / "releases").iterdir()), warehouse.releases()
    if folders != {release.folder for release in releases}:
        found.append(f"{len(folders)} folders among {len(releases)} releases")
    unnamed = [each for each in releases if not each.kept]
    if len(unnamed) > limits.releases + 2:
        found.append(f"{len(unnamed)} releases, the limit is {limits.releases}")
    findings = examine(warehouse, datetime.now(UTC), deep=True)
    # A torn line stays where it is.
    found += [f"doctor: {each}" for each in findings if "is torn" not in each.problem]
    return found


def faults_of_ledger(warehouse: Warehouse, published: list[str], pointed: list[str]) -> list[str]:
    """Compare the ledger with what was seen: the releases ``published`` and ``pointed`` back at."""
    events = list(warehouse.ledger.events(kind="release"))
    told: dict[str, Counter[str]] = {}
    for event in events:
        told.setdefault(event.outcome, Counter())[event.release or ""] += 1
    there = {release.id for release in warehouse.releases()}
    expected = {
        "published": Counter(published),
        "rolled_back": Counter(pointed),
        "pruned": Counter(set(published) - there),
    }
    found = [
        f"{outcome}: the ledger has {_difference(told.get(outcome, Counter()), wanted)}"
        for outcome, wanted in expected.items()
        if told.get(outcome, Counter()) != wanted
    ]
    kept = {release.id for release in warehouse.releases() if release.kept}
    marks: Counter[str] = told.get("kept", Counter()) - told.get("unkept", Counter())
    if {each for each in marks if each in there} != kept:
        found.append(f"kept: the ledger has {set(marks)}, on the disk are {kept}")
    return found


def faults_of_deaths(root: Path, died: set[str]) -> list[str]:
    """Compare the ``died`` runs with those the ledger tells of, each once."""
    told = Counter(
        event.run for event in Warehouse(root).ledger.events(kind="run") if event.outcome == "died"
    )
    if told == Counter(died):
        return []
    return [f"died: the ledger has {_difference(told, Counter(died))}"]


def _difference(told: Counter[Any], wanted: Counter[Any]) -> str:
    return f"{dict(told - wanted)} too many, {dict(wanted - told)} too few"
