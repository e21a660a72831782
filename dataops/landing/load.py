"""One source: find its files, read the new ones, write them, report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from dataops.landing.csv_files import stage_csv
from dataops.landing.declaration import LandingSource
from dataops.landing.files import LandingFile, find_files
from dataops.landing.json_files import stage_json, stage_jsonl
from dataops.landing.ledger import Sorted, known_files, sort_files
from dataops.landing.parquet_files import stage_parquet
from dataops.landing.report import LandingProgress, Notes, ProgressCallback, SourceReport
from dataops.landing.staging import Staging
from dataops.landing.tables import Types, create_source_table
from dataops.landing.whole_files import stage_whole
from dataops.landing.writing import write
from ml.errors import PipelineError

STAGES = {
    "csv": stage_csv,
    "jsonl": stage_jsonl,
    "json": stage_json,
    "parquet": stage_parquet,
    "text": stage_whole,
    "blob": stage_whole,
}


@dataclass(frozen=True)
class Load:
    """The loading of one source: the connection, the declaration, the folder, the time."""

    conn: duckdb.DuckDBPyConnection
    source: LandingSource
    types: Types
    root: Path
    now: datetime
    progress: ProgressCallback | None = None
    again: str | None = None

    def run(self) -> SourceReport:
        """Load the source's new files; a failure of the source as a whole stands in the report."""
        report, notes = SourceReport(self.source.name), Notes()
        try:
            self._load(report, notes)
        except (duckdb.FatalException, duckdb.InterruptException):
            raise
        except (duckdb.Error, PipelineError, OSError) as error:
            report = SourceReport(self.source.name, report.files_seen)
            report.error = str(error)
            report.messages = [report.error]
        else:
            report.messages += notes.messages()
        return report

    def _load(self, report: SourceReport, notes: Notes) -> None:
        create_source_table(self.conn, self.source, self.types)
        found = find_files(self.root, self.source)
        report.files_seen = len(found)
        if not found:
            report.messages.append(self._nothing_found())
        files = sort_files(
            found,
            known_files(self.conn, self.source.name),
            self.source,
            again=self.again,
        )
        staging = Staging(self.conn, self.source, self.types)
        try:
            self._stage(staging, files.loaded)
            self._leave_unfinished(staging, files)
            if files.loaded or files.touched:
                write(staging, files, self.now)
        finally:
            staging.close()
        _count(report, files)
        for file in files.loaded:
            for text in [file.failure, *file.notes]:
                if text:
                    notes.add(file.name, text)

    def _nothing_found(self) -> str:
        """Return the message of a source without files: is the folder missing, or its files."""
        folder = self.root
        for part in Path(self.source.path).parts[:-1]:
            if any(char in part for char in "*?["):
                break
            folder = folder / part
            if not folder.is_dir():
                return (
                    f"the folder {folder} does not exist, so {self.source.name} has no files — "
                    f"deliver some, or fix landing.path in {self.source.file}"
                )
        return (
            f"no file matches {self.source.path} in {self.root}, so {self.source.name} has none — "
            f"deliver some, or fix landing.path in {self.source.file}"
        )

    def _stage(self, staging: Staging, files: Sequence[LandingFile]) -> None:
        """Read the files that hold something and can be read."""
        for file in files:
            if file.size == 0 and not file.is_unreadable:
                file.notes.append("it is empty (0 bytes)")
        readable = [file for file in files if file.size and not file.is_unreadable]
        done = 0

        def read(more: int) -> None:
            nonlocal done
            done += more
            if self.progress and more:
                self.progress(LandingProgress(self.source.name, done, len(readable)))

        if readable:
            STAGES[self.source.format](staging, readable, read)

    def _leave_unfinished(self, staging: Staging, files: Sorted) -> None:
        """Leave files to the next ingest that changed while they were read."""
        for file in [file for file in files.loaded if file.has_changed()]:
            if file.is_unreadable:
                continue
            files.loaded.remove(file)
            if file in files.replaced:
                files.replaced.remove(file)
            staging.exclude(file)
            files.unfinished.append(file)


def _count(report: SourceReport, files: Sorted) -> None:
    """Add up what became of the files."""
    report.files_skipped = files.skipped
    report.files_failed = sum(file.failure is not None for file in files.loaded)
    report.files_loaded = len(files.loaded) - report.files_failed
    report.rows = sum(file.rows for file in files.loaded)
    report.rejected = sum(file.rejected for file in files.loaded)
    report.loaded = report.rows - report.rejected
    report.messages += [
        f"{file.name}: it changed while it was read — ingest again when it is complete"
        for file in files.unfinished
    ]
