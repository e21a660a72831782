"""Small simulated worlds, and readers of what they delivered."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from simulator.settings import Settings, Summary
from simulator.world import simulate

Record = dict[str, object]


@dataclass(frozen=True)
class Landing:
    """A simulated landing folder with its settings and summary."""

    root: Path
    settings: Settings
    summary: Summary

    def files(self, table: str) -> list[Path]:
        return sorted((self.root / table).iterdir())

    def records(self, table: str) -> list[Record]:
        """All records of ``source/table`` of a clean landing folder, with the file's name."""
        return [
            {**record, "_file": path.name}
            for path in self.files(table)
            for record in READERS[path.suffix](path)
        ]

    def dirt(self) -> list[Record]:
        lines = (self.root / ".dirt.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


def _csv(path: Path) -> list[Record]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def _jsonl(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


READERS: dict[str, Callable[[Path], list[Record]]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".parquet": lambda path: pq.read_table(path).to_pylist(),
}


def _simulated(root: Path, settings: Settings) -> Landing:
    return Landing(root, settings, simulate(settings, root))


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    """60 days, 800 customers, nothing spoiled."""
    settings = Settings(days=60, customers=800, dirt=0.0)
    return _simulated(tmp_path_factory.mktemp("clean"), settings)


@pytest.fixture(scope="session")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    """The same world with a twentieth of its records and files spoiled."""
    settings = Settings(days=60, customers=800, dirt=0.05)
    return _simulated(tmp_path_factory.mktemp("dirty"), settings)


@pytest.fixture(scope="session")
def read_jsonl() -> Callable[[Path], list[Record]]:
    """Reads one file of JSON lines."""
    return _jsonl
