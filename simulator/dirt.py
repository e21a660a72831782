"""What goes wrong on the way: which files and which records are spoiled, and how."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from simulator import spoil
from simulator.streams import stream
from simulator.tables import Table

LATEST_DAYS = 5
FILE_KINDS = {
    "csv": {
        "late_file": 0.30,
        "columns_reordered": 0.22,
        "column_added": 0.22,
        "truncated_file": 0.13,
        "empty_file": 0.09,
        "column_renamed": 0.04,
    },
    "jsonl": {"late_file": 0.6, "truncated_file": 0.25, "empty_file": 0.15},
    "json": {"late_file": 0.6, "truncated_file": 0.25, "empty_file": 0.15},
    "parquet": {"late_file": 0.6, "truncated_file": 0.25, "empty_file": 0.15},
    "png": {"truncated_file": 0.6, "empty_file": 0.4},
}
REDELIVERED_KINDS = ("truncated_file", "empty_file", "column_renamed")
SHARED_ROW_KINDS = {
    "duplicate": 0.16,
    "redelivered": 0.10,
    "late_record": 0.14,
    "out_of_order": 0.12,
    "wrong_type": 0.16,
    "unknown_code": 0.10,
    "code_variant": 0.10,
}
BROKEN_ROWS = {
    "csv": {"unclosed_quote": 0.03, "missing_field": 0.05, "extra_field": 0.04},
    "jsonl": {"broken_json": 0.12},
    "json": {},
}
NOT_IN_EXTRACTS = ("redelivered", "late_record")
PARQUET_KINDS = {"duplicate": 0.4, "out_of_order": 0.2, "unknown_code": 0.2, "code_variant": 0.2}


@dataclass(frozen=True)
class FilePlan:
    """What happens to one file: its fault (None: none) and how many days it is put off.

    A late file arrives ``days`` later; one that arrived spoiled is sent again ``days`` later.
    """

    kind: str | None = None
    days: int = 0

    @property
    def is_late(self) -> bool:
        """Whether the file itself arrives late."""
        return self.kind == "late_file"

    @property
    def is_sent_again(self) -> bool:
        """Whether a whole copy follows."""
        return self.kind in REDELIVERED_KINDS


class Dirt:
    """Decides what is spoiled, from the seed, the table and the day alone."""

    def __init__(self, seed: int, share: float, days: int) -> None:
        self.share = share
        self.counts: Counter[str] = Counter()
        self._seed = seed
        self._days = days
        self._held: dict[tuple[str, int], list[tuple[str, str]]] = {}

    @property
    def held(self) -> int:
        """Records kept back for a later file."""
        return sum(map(len, self._held.values()))

    def rng(self, table: Table, day: int, part: str) -> np.random.Generator:
        """Return the random stream of the faults of one file."""
        return stream(self._seed, f"dirt {part} {table.full_name}", day)

    def plan_file(self, table: Table, day: int, rng: np.random.Generator) -> FilePlan:
        """Draw the fault of a file; one that puts off beyond the last day does not happen."""
        if rng.random() >= self.share:
            return FilePlan()
        kinds = FILE_KINDS[table.format]
        kind = str(rng.choice(list(kinds), p=list(kinds.values())))
        days = int(rng.integers(1, LATEST_DAYS + 1))
        needs_later = kind == "late_file" or (kind in REDELIVERED_KINDS and table.format != "png")
        if needs_later and day + days >= self._days:
            return FilePlan()
        return FilePlan(kind, days if needs_later else 0)

    def choose_rows(
        self, table: Table, rng: np.random.Generator, rows: int
    ) -> list[tuple[int, str]]:
        """Draw the records of a piece of ``rows`` that are spoiled: (position, kind), sorted."""
        count = int(rng.binomial(rows, self.share)) if self.share else 0
        if not count:
            return []
        kinds = _row_kinds(table)
        weights = np.array(list(kinds.values()))
        where = np.sort(rng.choice(rows, count, replace=False)).tolist()
        drawn = rng.choice(list(kinds), count, p=weights / weights.sum()).tolist()
        return list(zip(where, drawn, strict=True))

    def hold(self, table: Table, day: int, line: str, kind: str) -> bool:
        """Keep ``line`` for the file of ``day``; False if the simulation ends before."""
        if day >= self._days:
            return False
        self._held.setdefault((table.full_name, day), []).append((line, kind))
        return True

    def release(self, table: Table, day: int) -> list[tuple[str, str]]:
        """Lines kept for this file, with the kind of fault that brought them here."""
        return self._held.pop((table.full_name, day), [])


def _row_kinds(table: Table) -> dict[str, float]:
    if table.format == "parquet":
        return PARQUET_KINDS
    kinds = {**SHARED_ROW_KINDS, **BROKEN_ROWS[table.format]}
    if table.is_full_extract:
        return {kind: weight for kind, weight in kinds.items() if kind not in NOT_IN_EXTRACTS}
    return kinds


class RowSpoiler:
    """Spoils the lines of one file, piece by piece; ``marks`` are (row from 1, kind)."""

    def __init__(self, dirt: Dirt, table: Table, day: int) -> None:
        self.marks: list[tuple[int, str]] = []
        self._dirt = dirt
        self._table = table
        self._day = day
        self._rng = dirt.rng(table, day, "rows")
        self._written = 0
        self._moved: list[str] = []

    def blocks(self, pieces: Iterable[list[str]]) -> Iterator[list[str]]:
        """Yield the lines of the file as they are delivered, piece by piece."""
        for piece in pieces:
            yield self._spoil(piece)
        yield self._last()

    def _spoil(self, lines: list[str]) -> list[str]:
        out: list[str] = []
        done = 0
        for position, kind in self._dirt.choose_rows(self._table, self._rng, len(lines)):
            out += lines[done:position]
            out += self._apply(kind, lines[position], self._written + len(out) + 1)
            done = position + 1
        out += lines[done:]
        self._written += len(out)
        return out

    def _last(self) -> list[str]:
        """Return the lines that come last: those out of order, and those of earlier days."""
        late = self._dirt.release(self._table, self._day)
        tail = [(line, "out_of_order") for line in self._moved] + late
        self.marks += [(self._written + i, kind) for i, (_, kind) in enumerate(tail, start=1)]
        return [line for line, _ in tail]

    def _apply(self, kind: str, line: str, row: int) -> list[str]:
        if kind == "out_of_order":
            self._moved.append(line)
            return []
        if kind in ("late_record", "redelivered"):
            later = self._day + int(self._rng.integers(1, LATEST_DAYS + 1))
            is_held = self._dirt.hold(self._table, later, line, kind)
            return [] if is_held and kind == "late_record" else [line]
        if kind == "duplicate":
            self.marks.append((row + 1, kind))
            return [line, line]
        change: Callable[[Table, str, str, np.random.Generator], str] = (
            spoil.csv_line if self._table.format == "csv" else spoil.json_line
        )
        self.marks.append((row, kind))
        return [change(self._table, kind, line, self._rng)]
