"""Delivers a day's records as files, with what the dirt does to them, and counts both."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulator import spoil
from simulator.clock import Calendar
from simulator.dirt import Dirt, FilePlan, RowSpoiler
from simulator.folder import DIRT_RECORD
from simulator.settings import Settings, Summary, TableCount
from simulator.tables import PHOTOS, TABLES, Table

LEAST_CUT, MOST_CUT = 0.3, 0.9
Marks = list[tuple[int, str]]


class Delivery:
    """Writes files below ``root``; a file's time is the moment it was delivered (UTC)."""

    def __init__(self, root: Path, settings: Settings, calendar: Calendar) -> None:
        self.dirt = Dirt(settings.seed, settings.dirt, settings.days)
        self._counts = {table.full_name: TableCount() for table in TABLES}
        self._root = root
        self._calendar = calendar
        self._record = (root / DIRT_RECORD).open("w", encoding="utf-8", newline="\n")
        for table in TABLES:
            (root / table.source / table.name).mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._record.close()

    def summary(self) -> Summary:
        """Return what was written so far."""
        return Summary(self._counts, dict(sorted(self.dirt.counts.items())))

    def records(self, table: Table, day: int, pieces: Iterable[list[str]]) -> None:
        """Deliver the CSV lines or JSON objects of ``day``, given in pieces, as one file.

        A day without a JSONL record has no file: an empty one would be no clean file.
        """
        rng = self.dirt.rng(table, day, "file")
        plan = self.dirt.plan_file(table, day, rng)
        path = self._path(table, day, plan.days)
        spoiler = RowSpoiler(self.dirt, table, day)
        write = _write_array if table.format == "json" else _write_lines
        blocks = spoiler.blocks(pieces)
        rows = write(path, table, blocks, spoil.reshape(table, plan.kind, rng))
        if rows == 0 and table.format == "jsonl":
            path.unlink()
            return
        self._deliver(table, day, plan, path, rng, rows, spoiler.marks)

    def columns(self, table: Table, day: int, content: pa.Table) -> None:
        """Deliver the columns of ``day`` as one Parquet file."""
        rng = self.dirt.rng(table, day, "file")
        plan = self.dirt.plan_file(table, day, rng)
        path = self._path(table, day, plan.days)
        chosen = self.dirt.choose_rows(table, rng, content.num_rows)
        content, marks = spoil.parquet_rows(table, content, chosen, rng)
        pq.write_table(content, path)
        self._deliver(table, day, plan, path, rng, content.num_rows, marks)

    def photos(self, day: int, photos: Iterable[tuple[str, bytes]]) -> None:
        """Deliver photos (file name, content) of ``day``; a spoiled one is not sent again."""
        rng = self.dirt.rng(PHOTOS, day, "file")
        for name, content in photos:
            path = self._root / PHOTOS.source / PHOTOS.name / name
            kind = self.dirt.plan_file(PHOTOS, day, rng).kind
            path.write_bytes(content)
            if kind:
                _cut(path, 0 if kind == "empty_file" else _place(len(content), rng))
            self._count(PHOTOS, path, day, 1, [(None, kind)] if kind else [])

    def _deliver(
        self,
        table: Table,
        day: int,
        plan: FilePlan,
        path: Path,
        rng: np.random.Generator,
        rows: int,
        marks: Marks,
    ) -> None:
        """Count the file written at ``path``; if it is a second copy, spoil and count the first."""
        if not plan.is_sent_again:
            found = [(None, plan.kind)] if plan.kind else []
            self._count(table, path, day + plan.days, rows, [*found, *marks])
            return
        first = self._path(table, day, 0)
        if plan.kind == "column_renamed":
            spoil.rename_column(path, first, table, rng)
            read, left = rows, marks
        else:
            shutil.copyfile(path, first)
            size = path.stat().st_size
            _cut(first, 0 if plan.kind == "empty_file" else _place(size, rng))
            read = _records_left(table, first)
            left = [(row, kind) for row, kind in marks if row < read]
        self._count(table, first, day, read, [(None, plan.kind), *left])
        self._count(table, path, day + plan.days, rows, [(None, "redelivered_file"), *marks])

    def _path(self, table: Table, day: int, days_later: int) -> Path:
        name = f"{table.name}_{self._calendar.text(day)}"
        if days_later:
            name += f"_delivered_{self._calendar.text(day + days_later)}"
        return self._root / table.source / table.name / f"{name}.{table.format}"

    def _count(
        self, table: Table, path: Path, day: int, rows: int, marks: list[tuple[int | None, str]]
    ) -> None:
        moment = self._calendar.end_of(day)
        os.utime(path, (moment, moment))
        count = self._counts[table.full_name]
        count.files += 1
        count.rows += rows
        count.bytes += path.stat().st_size
        file = path.relative_to(self._root).as_posix()
        for row, kind in marks:
            self.dirt.counts[kind] += 1
            self._record.write(json.dumps({"file": file, "row": row, "kind": kind}) + "\n")


def _write_lines(
    path: Path, table: Table, blocks: Iterator[list[str]], change: Callable[[str], str] | None
) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        if table.format == "csv":
            file.write((change(table.header) if change else table.header) + "\n")
        for block in blocks:
            rows += len(block)
            file.write("\n".join([*(map(change, block) if change else block), ""]))
    return rows


def _write_array(
    path: Path, table: Table, blocks: Iterator[list[str]], change: Callable[[str], str] | None
) -> int:
    lines = [line for block in blocks for line in block]
    text = "[\n" + ",\n".join(lines) + "\n]\n" if lines else "[]\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return len(lines)


def _place(size: int, rng: np.random.Generator) -> int:
    return int(size * rng.uniform(LEAST_CUT, MOST_CUT))


def _cut(path: Path, size: int) -> None:
    """Shorten a file to ``size`` bytes, and a little more where that ends on a whole line."""
    with path.open("r+b") as file:
        file.seek(max(size - 1, 0))
        ends_line = size > 3 and file.read(1) == b"\n"
        file.truncate(size - 3 if ends_line else size)


def _records_left(table: Table, path: Path) -> int:
    """Count the records of a cut file, the broken last one too; a cut Parquet file has none."""
    if table.format == "parquet" or not path.stat().st_size:
        return 0
    with path.open("rb") as file:
        lines = sum(1 for _ in file)
    return lines if table.format == "jsonl" else max(lines - 1, 0)
