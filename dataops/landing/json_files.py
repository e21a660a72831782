"""JSON: an object a line (``jsonl``), or an array of objects or one object a file (``json``)."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence

import pyarrow as pa

from dataops.landing.careful import NAME, RecordTable, fetch_raw
from dataops.landing.casting import cast_json, cast_text, is_json
from dataops.landing.files import LandingFile
from dataops.landing.literal import PATHS, exact_paths, literal
from dataops.landing.matching import match_columns, note_match
from dataops.landing.records import text_records
from dataops.landing.staging import (
    READ_ERRORS,
    Cell,
    StagedTable,
    Staging,
    batches,
    stage_together,
)
from ml.relation import quote

MOST_FILES = 1000
MOST_LINE_BYTES = 256 << 20
MOST_DOCUMENT_BYTES = 64 << 20

Read = Callable[[int], None]

# What is wrong with a record as a whole; its text is ``_raw``.
_FAULT = (
    "case when not json_valid(_raw) then 'it is not valid JSON' "
    "when json_type(_raw) <> 'OBJECT' "
    "then 'it is not a JSON object but a value of type ' || lower(json_type(_raw)) end"
)


def stage_jsonl(staging: Staging, files: Sequence[LandingFile], read: Read) -> None:
    """Stage the lines of ``files``; ``read`` is told how many more files are done."""
    fast = [file for file in files if file.scan.is_plain and file.scan.is_utf8]
    careful = [file for file in files if not (file.scan.is_plain and file.scan.is_utf8)]
    for batch in batches(fast, most_files=MOST_FILES, most_bytes=MOST_LINE_BYTES):
        left = _stage_lines(staging, batch)
        careful += left
        read(len(batch) - len(left))
    _stage_careful(staging, careful, read)


def _stage_lines(staging: Staging, files: list[LandingFile]) -> list[LandingFile]:
    """Stage the lines of files by DuckDB's reader; return the files that need care."""
    reader = (
        f"read_json_objects({PATHS}, format = 'newline_delimited', ignore_errors = true, "
        "compression = 'uncompressed', hive_partitioning = false)"
    )
    try:
        # The reader gives null for a line that is not valid JSON; the text of those is fetched.
        name = staging.create(
            "select file_index as _at, json::varchar as _raw, "
            f"case when json is null then '' end as _reason from {reader}",
            [exact_paths(file.sql_path for file in files)],
        )
    except READ_ERRORS:
        return files
    table = StagedTable(name, {})
    for at, first, last, rows in staging.conn.execute(
        f"select _at, min(rowid), max(rowid), count(*) from {table.sql} group by _at"
    ).fetchall():
        if last - first + 1 == rows == files[at].scan.lines:
            table.files[at], table.firsts[at] = files[at], first
    fetch_raw(staging, table, text_records)
    starts = pa.table(
        [
            pa.array(list(table.firsts), pa.uint64()),
            pa.array(list(table.firsts.values()), pa.int64()),
        ],
        names=["_at", "_first"],
    )
    with staging.registered("goldloop_landing_starts", starts) as starts_name:
        numbered = staging.create(
            f"select _at, lines.rowid - _first + 1 as _row, _raw, {_FAULT} as _why "
            f"from {table.sql} as lines join {starts_name} using (_at)"
        )
    staging.drop(name)
    _stage_objects(staging, numbered, table.files)
    return [file for at, file in enumerate(files) if at not in table.files]


def _stage_careful(staging: Staging, files: Sequence[LandingFile], read: Read) -> None:
    """Stage files line by line, whatever the lines hold."""
    lines = staging.create(
        "select null::ubigint as _at, null::bigint as _row, "
        "null::varchar as _raw, null::varchar as _why where false"
    )

    def insert(_files: dict[int, LandingFile]) -> None:
        staging.conn.execute(
            f"insert into temp.{quote(lines)} "
            f"select _at, _row, _raw, coalesce(_why, {_FAULT}) from {NAME}"
        )

    table = RecordTable(staging, insert)
    for at, file in enumerate(files):
        if file.scan.head.startswith((b"\xff\xfe", b"\xfe\xff")):
            file.give_up("it is not UTF-8 but UTF-16 — deliver it as UTF-8")
            continue
        try:
            with file.path.open("rb") as stream:
                numbered = enumerate(text_records(stream), start=1)
                table.extend(at, file, ((row, line, line.reason) for row, line in numbered))
        except OSError as error:
            file.give_up(f"it cannot be read: {error.strerror}")
        read(1)
    table.flush()
    _stage_objects(staging, lines, dict(enumerate(files)))


def stage_json(staging: Staging, files: Sequence[LandingFile], read: Read) -> None:
    """Stage the objects of ``files``, each an array of objects or one object."""
    for file in files:
        if not file.scan.is_utf8:
            file.give_up("it is not valid UTF-8 — deliver it as UTF-8")
    readable = [file for file in files if not file.is_unreadable]
    read(len(files) - len(readable))
    for batch in batches(readable, most_files=MOST_FILES, most_bytes=MOST_DOCUMENT_BYTES):
        stage_together(batch, lambda part: _stage_documents(staging, part), "JSON")
        read(len(batch))


def _stage_documents(staging: Staging, files: list[LandingFile]) -> None:
    """Stage whole files; one that is neither an array nor an object is given up."""
    bom = "ltrim(content, chr(65279))"
    documents = staging.create(
        f"select file_index as _at, {bom} as _content, "
        f"case when json_valid({bom}) then json_type({bom}) end as _type from read_text({PATHS})",
        [exact_paths(file.sql_path for file in files)],
    )
    for at, type_ in staging.conn.execute(
        f"select _at, _type from temp.{quote(documents)} "
        "where _type is null or _type not in ('ARRAY', 'OBJECT')"
    ).fetchall():
        met = f"a value of type {type_.lower()}" if type_ else "no valid JSON"
        files[at].give_up(f"it holds {met}; it must hold an array of objects or one object")
    records = staging.create(
        "select _at, unnest(range(1, len(_items) + 1)) as _row, "
        "coalesce(unnest(_items), 'null') as _raw from ("
        "select _at, case _type when 'ARRAY' then from_json(_content, '[\"JSON\"]')::varchar[] "
        f"when 'OBJECT' then [_content] end as _items from temp.{quote(documents)})"
    )
    staging.drop(documents)
    judged = staging.create(f"select *, {_FAULT} as _why from temp.{quote(records)}")
    staging.drop(records)
    _stage_objects(staging, judged, dict(enumerate(files)))


def _stage_objects(staging: Staging, records: str, files: dict[int, LandingFile]) -> None:
    """Stage the records of a table of ``_at``, ``_row``, ``_raw`` and ``_why``, and drop it."""
    problems = _problems(staging, records, files)
    names = {name: f"x{i}" for i, name in enumerate(staging.source.column_names)}
    shape = {name: "JSON" if is_json(staging.types[name]) else "VARCHAR" for name in names}
    shape_sql = literal(json.dumps(shape, ensure_ascii=False))
    columns = ", ".join(f"_object.{quote(name)} as {alias}" for name, alias in names.items())
    raw = (
        f"select _at, _row, _raw, _why, {columns} from ("
        "select records._at, _row, _raw, coalesce(_why, _problem) as _why, "
        f"case when _why is null then from_json(_raw, {shape_sql}) end as _object "
        f"from temp.{quote(records)} as records left join goldloop_landing_problems using (_at))"
    )
    cells = {
        name: Cell(
            f"{alias}::varchar",
            (cast_json if shape[name] == "JSON" else cast_text)(alias, staging.types[name]),
        )
        for name, alias in names.items()
    }
    with staging.registered("goldloop_landing_problems", problems):
        staging.add(staging.typed(raw, cells), files, [])
    staging.drop(records)


def _problems(staging: Staging, records: str, files: dict[int, LandingFile]) -> pa.Table:
    """Return ``_at``, ``_problem`` of the files in which no object has some declared column."""
    met: dict[int, dict[str, None]] = defaultdict(dict)
    for at, keys in staging.conn.execute(
        "select distinct _at, json_keys(_raw) "
        f"from temp.{quote(records)} where _why is null order by all"
    ).fetchall():
        met[at].update(dict.fromkeys(keys))
    problems = {}
    for at, names in met.items():
        match = match_columns(staging.source, list(names), exact=True)
        note_match(staging.source, files[at], match)
        if match.problem:
            problems[at] = match.problem
    return pa.table(
        {
            "_at": pa.array(list(problems), pa.uint64()),
            "_problem": pa.array(list(problems.values()), pa.string()),
        }
    )
