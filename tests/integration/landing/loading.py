"""A landing folder and a warehouse of the test's own, and what is asked of every load."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from dataops.landing import LandingSource, SourceReport, ingest, parse_landing

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


def node(
    columns: Mapping[str, str], path: str, format: str, *, name: str = "shop.orders", **landing: Any
) -> dict[str, Any]:
    """Return a source node as a dbt manifest has it."""
    source, table = name.split(".")
    return {
        "source_name": source,
        "name": table,
        "schema": "landing",
        "identifier": f"{source}__{table}",
        "original_file_path": f"models/bronze/{source}/_sources.yml",
        "columns": {c: {"name": c, "data_type": type_} for c, type_ in columns.items()},
        "config": {"meta": {"landing": {"path": path, "format": format} | landing}},
    }


def declare(
    columns: Mapping[str, str], path: str, format: str, *, name: str = "shop.orders", **landing: Any
) -> LandingSource:
    """Return the declaration of a source."""
    source = parse_landing(node(columns, path, format, name=name, **landing))
    assert source is not None
    return source


class Loading:
    """Writes files, ingests them, and reads what was loaded."""

    def __init__(self, root: Path, conn: duckdb.DuckDBPyConnection) -> None:
        self.root = root
        self.conn = conn

    def write(self, name: str, content: bytes | str) -> Path:
        """Write a file below the landing folder."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def ingest(
        self, *sources: LandingSource, again: str | None = None, now: datetime = NOW
    ) -> list[SourceReport]:
        """Ingest; then hold every file to: rows = loaded + rejected, each row once."""
        reports = ingest(self.conn, sources, self.root, now=now, again=again)
        for source in sources:
            self._check(source)
        return reports

    def one(self, source: LandingSource, **options: Any) -> SourceReport:
        """Ingest one source that must not fail as a whole."""
        (report,) = self.ingest(source, **options)
        assert report.error is None
        return report

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.conn.execute(sql, list(parameters)).fetchall()

    def table(self, source: LandingSource, columns: str = "*") -> list[tuple[Any, ...]]:
        """Return the loaded rows, file by file in their order."""
        return self.rows(f"select {columns} from {source.relation.sql} order by _file, _row")

    def rejects(self, columns: str = "row, column_name, reason, raw") -> list[tuple[Any, ...]]:
        """Return the rejected rows, file by file in their order."""
        return self.rows(f"select {columns} from landing.rejects order by file, row")

    def files(self, columns: str = "file, rows, loaded, rejected, status") -> list[tuple[Any, ...]]:
        """Return the records of the files."""
        return self.rows(f"select {columns} from landing.files order by file")

    def _check(self, source: LandingSource) -> None:
        """Compare the account with the tables: counts, and each row number once."""
        known = self.rows("select 1 from duckdb_tables() where table_name = 'files'")
        if not known:
            return
        numbers: dict[str, list[int | None]] = {}
        for file, row in self.rows(
            f"select _file, _row from {source.relation.sql} union all "
            "select file, row from landing.rejects where source = ?",
            source.name,
        ):
            numbers.setdefault(file, []).append(row)
        for file, rows, loaded, rejected in self.rows(
            "select file, rows, loaded, rejected from landing.files where source = ?", source.name
        ):
            met = numbers.pop(file, [])
            assert rows == loaded + rejected == len(met)
            assert met == [None] or sorted(n for n in met if n) == list(range(1, rows + 1))
        assert not numbers
