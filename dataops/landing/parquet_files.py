"""Parquet files, those of one schema at a time."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from dataops.landing.casting import cast_native
from dataops.landing.files import LandingFile
from dataops.landing.literal import PATHS, exact_paths, literal
from dataops.landing.matching import match_columns, note_match
from dataops.landing.staging import Cell, Staging, batches, stage_together
from ml.relation import quote

MAGIC = b"PAR1"
MOST_FILES = 500
MOST_BYTES = 512 << 20

READER = f"read_parquet({PATHS}, hive_partitioning = false)"
VIRTUAL = frozenset(("file_index", "file_row_number"))

Read = Callable[[int], None]
Columns = tuple[tuple[str, str], ...]


def stage_parquet(staging: Staging, files: Sequence[LandingFile], read: Read) -> None:
    """Stage the rows of ``files``; ``read`` is told how many more files are done."""
    for file in files:
        if not (file.scan.head.startswith(MAGIC) and file.scan.tail.endswith(MAGIC)):
            file.give_up("it is not a Parquet file, or it was cut short")
    readable = [file for file in files if not file.is_unreadable]
    read(len(files) - len(readable))
    for batch in batches(readable, most_files=MOST_FILES, most_bytes=MOST_BYTES):
        stage_together(batch, lambda part: _stage_batch(staging, part), "Parquet")
        read(len(batch))


def _stage_batch(staging: Staging, files: list[LandingFile]) -> None:
    for columns, group in _by_columns(staging, files).items():
        _stage_group(staging, columns, group)


def _by_columns(staging: Staging, files: list[LandingFile]) -> dict[Columns, list[LandingFile]]:
    """Group ``files`` by their columns, describing one file of each distinct Parquet schema."""
    by_path = {file.sql_path: file for file in files}
    alike: dict[str, list[LandingFile]] = defaultdict(list)
    for path, schema in staging.conn.execute(
        "select file_name, list((name, type, type_length, repetition_type, num_children, "
        "converted_type, logical_type, precision, scale) order by column_id)::varchar "
        f"from parquet_schema({PATHS}) group by file_name order by file_name",
        [exact_paths(by_path)],
    ).fetchall():
        alike[schema].append(by_path[path])
    groups: dict[Columns, list[LandingFile]] = defaultdict(list)
    for group in alike.values():
        described = staging.conn.execute(
            f"describe select * from {READER}", [exact_paths([group[0].sql_path])]
        ).fetchall()
        groups[tuple((name, type_) for name, type_, *_ in described)] += group
    return groups


def _stage_group(staging: Staging, columns: Columns, files: list[LandingFile]) -> None:
    """Stage files of the same columns."""
    if len(files) > 1 and {name.casefold() for name, _ in columns} & VIRTUAL:
        for file in files:
            _stage_group(staging, columns, [file])
        return
    match = match_columns(staging.source, [name for name, _ in columns])
    cells = {}
    for name, at in match.places.items() if not match.problem else ():
        met = staging.conn.sqltype(columns[at][1])
        cells[name] = Cell(f"c{at}::varchar", cast_native(f"c{at}", met, staging.types[name]))
    staging.add(
        staging.typed(_raw(columns, match.problem), cells, _text(columns)),
        dict(enumerate(files)),
        [exact_paths(file.sql_path for file in files)],
    )
    for file in files:
        note_match(staging.source, file, match)


def _raw(columns: Columns, problem: str | None) -> str:
    """Return the query that reads the rows; its parameter is the list of paths."""
    # A column of that name hides the reader's own; such files come one by one.
    is_hidden = {name.casefold() for name, _ in columns} & VIRTUAL
    place = "0::ubigint as _at, row_number() over () as _row"
    if not is_hidden:
        place = "file_index as _at, file_row_number + 1 as _row"
    chosen = ", ".join(f"{quote(name)} as c{at}" for at, (name, _) in enumerate(columns))
    why = literal(problem) if problem else "null::varchar"
    return f"select {place}, {why} as _why, {chosen} from {READER}"


def _text(columns: Columns) -> str:
    """Return a row's text: the row as JSON."""
    packed = ", ".join(f"{quote(name)} := c{at}" for at, (name, _) in enumerate(columns))
    return f"to_json(struct_pack({packed}))::varchar"
