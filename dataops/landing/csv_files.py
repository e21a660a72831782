"""CSV files: whole ones by DuckDB, many at a time; the others record by record.

A file is left to DuckDB if its bytes hold nothing that DuckDB reads otherwise than the reader in
``records``, and stays with DuckDB if it then finds no fault in the file's structure.
"""

import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from dataops.landing.careful import NAME, RecordTable, fetch_raw
from dataops.landing.casting import cast_text
from dataops.landing.files import LandingFile
from dataops.landing.literal import PATHS, exact_paths, literal
from dataops.landing.matching import Match, match_columns, note_match
from dataops.landing.records import Record, csv_records
from dataops.landing.staging import READ_ERRORS, Cell, StagedTable, Staging, batches
from ml.relation import quote

MOST_FILES = 1000
MOST_BYTES = 256 << 20

Read = Callable[[int], None]


def stage_csv(staging: Staging, files: Sequence[LandingFile], read: Read) -> None:
    """Stage the records of ``files``; ``read`` is told how many more files are done."""
    fast: dict[tuple[str, ...], list[LandingFile]] = defaultdict(list)
    careful: list[LandingFile] = []
    for file in files:
        header = _header(staging, file)
        if header is not None and _is_fast(staging, file, header):
            fast[header].append(file)
        else:
            careful.append(file)
    for header, group in fast.items():
        for batch in batches(group, most_files=MOST_FILES, most_bytes=MOST_BYTES):
            left = _stage_fast(staging, header, batch)
            careful += left
            read(len(batch) - len(left))
    _stage_careful(staging, careful, read)
    for file in files:
        if file.rows and not file.scan.is_ended and not file.failure:
            file.notes.append(
                "its last line has no end: if the file was cut short, so is its last row"
            )


def _header(staging: Staging, file: LandingFile) -> tuple[str, ...] | None:
    """Return the names in a file's first record; None if its first block does not tell them."""
    first = next(csv_records(io.BytesIO(file.scan.head), staging.source.delimiter), None)
    return tuple(first.split(staging.source.delimiter)) if first and not first.reason else None


def _is_fast(staging: Staging, file: LandingFile, header: tuple[str, ...]) -> bool:
    """Tell whether DuckDB reads the file as RFC 4180 has it, as far as the bytes can tell."""
    scan = file.scan
    if not scan.is_plain or not scan.is_utf8 or scan.has_spaced_quotes or len(header) < 2:
        return False
    if any("\n" in name or "\r" in name for name in header):
        return False
    return match_columns(staging.source, header).problem is None


def _stage_fast(
    staging: Staging, header: tuple[str, ...], files: list[LandingFile]
) -> list[LandingFile]:
    """Stage files of one header by DuckDB's reader; return those that need care."""
    match, delimiter = match_columns(staging.source, header), staging.source.delimiter
    cells = {
        name: Cell(f"c{at}", cast_text(f"c{at}", staging.types[name]))
        for name, at in match.places.items()
    }
    scans, errors = staging.new_name("scans"), staging.new_name("errors")
    raw = (
        "select file_index as _at, null::bigint as _row, null::varchar as _raw, "
        f"null::varchar as _why, * from {_reader(staging, len(header), scans, errors)}"
    )
    paths = exact_paths(file.sql_path for file in files)
    try:
        table = StagedTable(staging.create(staging.typed(raw, cells), [paths]), {})
    except READ_ERRORS:
        return files
    suspects = staging.conn.execute(
        f"select distinct file_path from temp.{quote(errors)} "
        f"join temp.{quote(scans)} using (scan_id, file_id)"
    ).fetchall()
    paths_met = {path for (path,) in suspects}
    if not paths_met <= {file.sql_path for file in files}:
        return files
    _keep_whole_files(staging, table, files, paths_met)
    fetch_raw(staging, table, lambda stream: islice(csv_records(stream, delimiter), 1, None))
    staging.tables.append(table)
    kept = {id(file) for file in table.files.values()}
    for file in table.files.values():
        note_match(staging.source, file, match)
    return [file for file in files if id(file) not in kept]


def _reader(staging: Staging, width: int, scans: str, errors: str) -> str:
    """Return the call of DuckDB's reader; its parameter is the list of paths."""
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(width))
    return (
        f"read_csv({PATHS}, auto_detect = false, columns = {{{columns}}}, header = true, "
        f"delim = {literal(staging.source.delimiter)}, quote = '\"', escape = '\"', "
        "strict_mode = true, null_padding = false, compression = 'none', "
        "hive_partitioning = false, store_rejects = true, rejects_limit = 0, "
        f"rejects_scan = {literal(scans)}, rejects_table = {literal(errors)})"
    )


def _keep_whole_files(
    staging: Staging, table: StagedTable, files: list[LandingFile], suspects: set[str]
) -> None:
    """Put into ``table`` the files whose records all lie there, in one run."""
    counted = {
        at: counts
        for at, *counts in staging.conn.execute(
            "select _at, min(rowid), max(rowid), count(*), count(_reason) "
            f"from {table.sql} group by _at"
        ).fetchall()
    }
    for at, file in enumerate(files):
        first, last, rows, rejected = counted.get(at, (0, -1, 0, 0))
        is_run = last - first + 1 == rows
        # Where each line is a record, no quote has swallowed a line: DuckDB does not always say so.
        is_whole = rows == file.scan.lines - 1
        if file.sql_path in suspects or not is_run or not is_whole:
            continue
        table.files[at], table.firsts[at] = file, first
        file.rows, file.rejected = rows, rejected


def _stage_careful(staging: Staging, files: Sequence[LandingFile], read: Read) -> None:
    """Stage files record by record."""
    table: RecordTable | None = None
    places: dict[str, int] = {}
    for at, file in enumerate(files):
        try:
            with file.path.open("rb") as stream:
                records = csv_records(stream, staging.source.delimiter)
                match = _match_header(staging, file, next(records, None))
                if match is None:
                    continue
                # One table holds records whose columns stand at the same places.
                if table is None or places != match.places:
                    if table:
                        table.flush()
                    places = match.places
                    table = _table(staging, places)
                table.extend(at, file, _judged(records, match, staging.source.delimiter))
        except OSError as error:
            file.give_up(f"it cannot be read: {error.strerror}")
        read(1)
    if table:
        table.flush()


def _table(staging: Staging, places: Mapping[str, int]) -> RecordTable:
    """Return a table that stages what it is given, the columns being at ``places``."""
    delimiter = literal(staging.source.delimiter)
    split = f"coalesce(_fields, string_split(_raw, {delimiter}))"
    cells = {
        name: Cell(f"f{at}", cast_text(f"f{at}", staging.types[name]))
        for name, at in places.items()
    }
    fields = "".join(f", nullif(_split[{at + 1}], '') as f{at}" for at in places.values())
    raw = (
        f"select _at, _row, _raw, _why{fields} from (select *, "
        f"case when _why is null then {split} end as _split from {NAME})"
    )
    query = staging.typed(raw, cells)
    return RecordTable(staging, lambda files: staging.add(query, files, []))


def _match_header(staging: Staging, file: LandingFile, header: Record | None) -> Match | None:
    """Match a file's header; None if there are no records to be read."""
    if file.scan.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        file.give_up("it is not UTF-8 but UTF-16 — deliver it as UTF-8")
        return None
    if header is None:
        file.notes.append("it holds nothing, not even a header")
        return None
    if header.reason:
        match = Match({}, problem=f"the header cannot be read: {header.reason}")
    else:
        match = match_columns(staging.source, header.split(staging.source.delimiter))
    note_match(staging.source, file, match)
    return match


def _judged(
    records: Iterator[Record], match: Match, delimiter: str
) -> Iterator[tuple[int, Record, str | None]]:
    """Yield the records after the header, numbered, with what is wrong with them as a whole."""
    width = match.width
    for row, record in enumerate(records, start=1):
        why = match.problem or record.reason
        if why is None:
            count = record.raw.count(delimiter) + 1 if record.fields is None else len(record.fields)
            if count != width:
                why = _misfit(record.split(delimiter), width)
        yield row, record, why


def _misfit(fields: list[str], width: int) -> str | None:
    """Return what is wrong with the number of fields; empty ones too many do no harm."""
    if len(fields) > width and not any(fields[width:]):
        return None
    return f"it has {len(fields)} field{'s' if len(fields) > 1 else ''}; the header has {width}"
