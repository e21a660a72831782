"""How one record, or the shape of one CSV file, is spoiled."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from simulator.tables import Table

WRONG_VALUES = {
    "number": ("n/a", "abc", "1O", "--"),
    "time": ("31/02/2025", "yesterday", "0000-00-00", "2025-13-45 99:00:00"),
    "flag": ("maybe", "?"),
}
UNKNOWN_CODES = {
    "product_id": "P999",
    "store_id": "S99",
    "category": "tablet",
    "country_code": "XX",
    "customer_type": "partner",
    "channel": "kiosk",
    "status": "pending_review",
    "payment_method": "voucher",
    "currency": "EURO",
    "plan_tier": "platinum",
    "reason": "code_17",
    "platform": "watch",
    "task": "task_9",
    "event_name": "task_paused",
    "topic": "other_new",
    "purpose": "profiling",
}
EXTRA_COLUMN = "source_system"
EXTRA_VALUES = ("erp1", "erp2")
RENAMED_SUFFIX = "_v2"


def parse_csv(line: str) -> list[str]:
    """Fields of one CSV line."""
    return next(csv.reader([line]))


def join_csv(fields: list[str]) -> str:
    """One CSV line, quoted where needed."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(fields)
    return buffer.getvalue()


def csv_line(table: Table, kind: str, line: str, rng: np.random.Generator) -> str:
    """Return ``line`` with the fault ``kind``."""
    if kind == "unclosed_quote":
        begin = line.rindex(",") + 1
        return f'{line[:begin]}"{line[begin:]}'
    fields = parse_csv(line)
    if kind == "missing_field":
        return join_csv(fields[:-1])
    if kind == "extra_field":
        return join_csv([*fields, "extra"])
    column, value = _changed(table, kind, dict(zip(table.columns, fields, strict=True)), rng)
    fields[list(table.columns).index(column)] = value
    return join_csv(fields)


def json_line(table: Table, kind: str, line: str, rng: np.random.Generator) -> str:
    """Return the JSON object ``line`` with the fault ``kind``."""
    if kind == "broken_json":
        return line[: int(len(line) * rng.uniform(0.3, 0.9))]
    record = json.loads(line)
    column, value = _changed(table, kind, record, rng)
    return json.dumps({**record, column: value}, ensure_ascii=False, separators=(",", ":"))


def _changed(
    table: Table, kind: str, record: dict[str, object], rng: np.random.Generator
) -> tuple[str, str]:
    """Choose a column to spoil, and its new value."""
    if kind == "wrong_type":
        column = str(rng.choice(table.columns_of("number", "time", "flag")))
        return column, str(rng.choice(WRONG_VALUES[table.columns[column]]))
    codes = table.columns_of("code") or table.columns_of("id")
    column = str(rng.choice(codes))
    if kind == "unknown_code":
        return column, UNKNOWN_CODES.get(column, "unknown")
    return column, code_variant(str(record[column]), rng)


def code_variant(code: str, rng: np.random.Generator) -> str:
    """Return the same code as a careless system writes it: other case, or padded."""
    changed = code.upper() if code != code.upper() else code.lower()
    return str(rng.choice([changed, f" {code} ", f"{code}  "]))


def reshape(
    table: Table, kind: str | None, rng: np.random.Generator
) -> Callable[[str], str] | None:
    """Return what a changed layout does to each line of a CSV file, or None if it is unchanged."""
    count = len(table.columns)
    if kind == "columns_reordered":
        order = _another_order(count, rng)
        return lambda line: _reordered(line, order)
    if kind == "column_added":
        place, value = int(rng.integers(1, count + 1)), str(rng.choice(EXTRA_VALUES))
        return lambda line: _with_column(table, line, place, value)
    return None


def rename_column(source: Path, target: Path, table: Table, rng: np.random.Generator) -> None:
    """Copy a CSV file, one column of its header (not the first) under another name."""
    old = str(rng.choice(list(table.columns)[1:]))
    header = ",".join(name + RENAMED_SUFFIX if name == old else name for name in table.columns)
    with source.open("rb") as read, target.open("wb") as write:
        read.readline()
        write.write(header.encode() + b"\n")
        shutil.copyfileobj(read, write)


def parquet_rows(
    table: Table, content: pa.Table, chosen: list[tuple[int, str]], rng: np.random.Generator
) -> tuple[pa.Table, list[tuple[int, str]]]:
    """Spoil the chosen rows (position, kind) of ``content``; return it with marks (row, kind)."""
    if not chosen:
        return content, []
    kinds = dict(chosen)
    moved = [row for row, kind in chosen if kind == "out_of_order"]
    order: list[tuple[int, str | None]] = []
    for row in [row for row in range(content.num_rows) if kinds.get(row) != "out_of_order"] + moved:
        is_twice = kinds.get(row) == "duplicate"
        order += [(row, None), (row, "duplicate")] if is_twice else [(row, kinds.get(row))]
    records = content.take([row for row, _ in order]).to_pydict()
    marks = [(place, kind) for place, (_, kind) in enumerate(order, start=1) if kind]
    for place, kind in marks:
        if kind in ("unknown_code", "code_variant"):
            record = {name: values[place - 1] for name, values in records.items()}
            column, value = _changed(table, kind, record, rng)
            records[column][place - 1] = value
    return pa.table(records, schema=content.schema), marks


def _another_order(count: int, rng: np.random.Generator) -> list[int]:
    order = rng.permutation(count).tolist()
    return order if order != sorted(order) else order[::-1]


def _reordered(line: str, order: list[int]) -> str:
    fields = parse_csv(line)
    # A broken row has nothing to put in order; it stays broken.
    is_broken = line.count('"') % 2 or len(fields) != len(order)
    return line if is_broken else join_csv([fields[i] for i in order])


def _with_column(table: Table, line: str, place: int, value: str) -> str:
    if line.count('"') % 2:
        return line
    fields = parse_csv(line)
    fields.insert(place, EXTRA_COLUMN if line == table.header else value)
    return join_csv(fields)
