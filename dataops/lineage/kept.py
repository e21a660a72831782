"""Traced statements kept in a folder, so that SQL which has not changed is not parsed again.

There is a file for each relation, of the last statement that made it. It counts only for the very
SQL, the columns of the tables that this SQL names, and the code that traced it.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from dataops.lineage.places import Catalog, Cell, Kind, Made, Parent, Place

Cells = dict[Place, Cell]


class Kept:
    """Statements traced into ``folder``, or found there; without a folder each is traced anew."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @classmethod
    def beside(cls, targets: Sequence[Path]) -> "Kept":
        """Keep statements in the first of dbt's target folders, beside the SQL it compiled."""
        return cls(targets[0] / "lineage" if targets else None)

    def trace(self, sql: str, relation: str, catalog: Catalog) -> Cells:
        """Return what :func:`dataops.lineage.statement.trace` does, and raise what it raises."""
        text = _hash(_code(), relation, sql)
        found = self._read(relation)
        if (
            found
            and found["sql"] == text
            and found["columns"] == _columns(found["tables"], catalog)
        ):
            return _told(found)
        # What takes long to load is loaded where SQL is new.
        from dataops.lineage.statement import named_tables, parse, resolve

        entry: dict[str, Any] = {"sql": text, "tables": [], "columns": _columns((), catalog)}
        try:
            tree = parse(sql)
            tables = named_tables(tree)
            entry |= {"tables": tables, "columns": _columns(tables, catalog)}
            cells = resolve(tree, relation, _only(tables, catalog))
        except ValueError as error:
            self._write(relation, {**entry, "failed": str(error)})
            raise
        self._write(relation, {**entry, **_packed(cells)})
        return cells

    def _path(self, relation: str) -> Path | None:
        return self._folder / f"{_hash(relation)}.json" if self._folder else None

    def _read(self, relation: str) -> dict[str, Any] | None:
        path = self._path(relation)
        if path is None:
            return None
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _write(self, relation: str, entry: Mapping[str, Any]) -> None:
        """Keep ``entry``; where nothing can be written it is traced again the next time."""
        path = self._path(relation)
        if path is None:
            return
        # Two processes may trace the same statement: each puts a whole file in the place.
        fresh = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(entry), encoding="utf-8")
            fresh.replace(path)
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def _packed(cells: Cells) -> dict[str, Any]:
    """Return ``cells`` as JSON has them, each place once."""
    numbers: dict[Place, int] = {}

    def number(place: Place) -> int:
        return numbers.setdefault(place, len(numbers))

    def parents(of: Iterable[Parent]) -> list[list[Any]]:
        return [[number(each.place), each.alias, each.kind] for each in of]

    packed = [
        [number(place), cell.made, parents(cell.parents), cell.unresolved, parents(cell.decided)]
        for place, cell in cells.items()
    ]
    places = [[each.relation, each.column, each.scope] for each in numbers]
    return {"cells": packed, "places": places}


def _told(entry: Mapping[str, Any]) -> Cells:
    """Return the cells of ``entry``; raise ValueError as tracing did."""
    if "failed" in entry:
        raise ValueError(entry["failed"])
    places = [Place(*each) for each in entry["places"]]

    def parents(of: Sequence[Sequence[Any]]) -> tuple[Parent, ...]:
        return tuple(Parent(places[at], alias, Kind(kind)) for at, alias, kind in of)

    return {
        places[at]: Cell(Made(made), parents(read), unresolved, parents(decided))
        for at, made, read, unresolved, decided in entry["cells"]
    }


def _only(tables: Iterable[str], catalog: Catalog) -> Catalog:
    """Return the part of ``catalog`` with the tables named, one without a schema in each."""
    found: dict[str, dict[str, Mapping[str, str]]] = {}
    for name in tables:
        schema, _, table = name.rpartition(".")
        for each in [schema] if schema else catalog:
            if table in catalog.get(each, {}):
                found.setdefault(each, {})[table] = catalog[each][table]
    return found


def _columns(tables: Iterable[str], catalog: Catalog) -> str:
    return _hash(json.dumps(_only(tables, catalog), sort_keys=False))


@cache
def _code() -> str:
    """Return what the tracing code hashes to: that of this folder, and the parser's version."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    version = importlib.metadata.version("sqlglot")
    return _hash(version, *(file.read_text(encoding="utf-8") for file in files))


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
