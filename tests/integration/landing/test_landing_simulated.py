"""What the simulator delivers, its dirt included: the records it broke are those rejected."""

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from dataops.landing import LandingSource, parse_landing
from simulator.world import Settings, simulate
from tests.integration.landing.loading import Loading

ROOT = Path(__file__).parents[3]
BROKEN = {"wrong_type", "unclosed_quote", "missing_field", "extra_field", "broken_json"}
SPOILED = {"truncated_file", "column_renamed"}


def _declared() -> list[LandingSource]:
    """Return the sources of the project, straight from its YAML."""
    sources = []
    for path in sorted((ROOT / "models").rglob("_sources.yml")):
        for source in yaml.safe_load(path.read_text())["sources"]:
            for table in source["tables"]:
                node = table | {
                    "source_name": source["name"],
                    "schema": "landing",
                    "columns": {column["name"]: column for column in table["columns"]},
                    "original_file_path": str(path.relative_to(ROOT)),
                }
                if (parsed := parse_landing(node)) is not None:
                    sources.append(parsed)
    return sources


def _count_csv(path: Path) -> int:
    """Count with Python's reader; the simulator writes no line break inside a field."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    return sum(len(list(csv.reader([line]))) for line in lines)


COUNTS: dict[str, Callable[[Path], int]] = {
    "csv": _count_csv,
    "jsonl": lambda path: len(path.read_text(encoding="utf-8").splitlines()),
    "json": lambda path: len(json.loads(path.read_text(encoding="utf-8"))),
    "parquet": lambda path: pq.read_metadata(path).num_rows,
    "blob": lambda _path: 1,
}


@pytest.mark.parametrize("seed", [1, 2])
def test_every_simulated_record_is_loaded_or_rejected_as_it_was_spoiled(
    loading: Loading, seed: int
) -> None:
    simulate(Settings(days=40, customers=150, seed=seed, dirt=0.12), loading.root)
    dirt = [json.loads(line) for line in (loading.root / ".dirt.jsonl").open()]
    spoiled = {entry["file"]: entry["kind"] for entry in dirt if entry["row"] is None}
    assert SPOILED & set(spoiled.values())
    sources = _declared()
    reports = loading.ingest(*sources)
    assert [report.error for report in reports] == [None] * len(sources)

    broken = {(e["file"], e["row"]) for e in dirt if e["kind"] in BROKEN}
    rejected = set(loading.rejects("file, row"))
    assert broken <= rejected
    assert {spoiled.get(file) for file, _ in rejected - broken} <= SPOILED

    formats = {source.name: source.format for source in sources}
    known = loading.rows("select source, file, rows, status, delivered_at from landing.files")
    assert len(known) == sum(report.files_seen for report in reports)
    for source, name, rows, status, delivered in known:
        path = loading.root / name
        assert delivered.date() == date.fromordinal(
            max(
                date.fromisoformat(part) for part in path.stem.split("_") if part[:2] == "20"
            ).toordinal()
            + 1
        )
        is_lost = status == "failed" and formats[source] != "csv"
        counted = 0 if path.stat().st_size == 0 else 1 if is_lost else COUNTS[formats[source]](path)
        assert (name, rows) == (name, counted)

    again = loading.ingest(*sources)
    assert [(report.files_loaded, report.rows) for report in again] == [(0, 0)] * len(sources)
