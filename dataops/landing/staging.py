"""Where the records of a source wait until all are read: temporary tables, typed and judged.

Reading may fail; a failed statement ends a DuckDB transaction. So files are read into temporary
tables first, and only what has been read is written, in one transaction (``writing``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import duckdb
import pyarrow as pa

from dataops.landing.casting import Cast
from dataops.landing.declaration import LandingSource
from dataops.landing.files import LandingFile
from dataops.landing.literal import literal
from dataops.landing.tables import Types
from ml.relation import quote

SHOWN_CHARACTERS = 80

# What DuckDB raises when it is the file that is wrong. A lack of memory or an interruption is not
# among them.
READ_ERRORS = (
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.OutOfRangeException,
    duckdb.SerializationException,
    duckdb.NotImplementedException,
)


@dataclass
class StagedTable:
    """A temporary table: ``_at``, ``_row``, ``v0`` …, ``_column``, ``_reason``, ``_raw``.

    ``files`` says which file an ``_at`` stands for; rows of others do not count. Where ``firsts``
    is given, the rows of a file lie together from that rowid on, in the order of the file, and
    ``_row`` is null.
    """

    name: str
    files: dict[int, LandingFile]
    firsts: dict[int, int] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """The quoted name."""
        return f"temp.{quote(self.name)}"


@dataclass
class Cell:
    """How a declared column is had from what was read: the text a person is shown, and the cast."""

    shown: str
    cast: Cast


@dataclass
class Staging:
    """The temporary tables of one source."""

    conn: duckdb.DuckDBPyConnection
    source: LandingSource
    types: Types
    tables: list[StagedTable] = field(default_factory=list)
    _made: list[str] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def new_name(self, purpose: str) -> str:
        """Return a name for a temporary table, which ``close`` will drop."""
        name = f"goldloop_landing_{purpose}_{next(self._numbers)}"
        self._made.append(name)
        return name

    def create(self, select: str, parameters: Sequence[object] = ()) -> str:
        """Create a temporary table from a query; return its name."""
        name = self.new_name("stage")
        self.conn.execute(f"create temp table {quote(name)} as {select}", list(parameters))
        return name

    @contextmanager
    def registered(self, name: str, table: pa.Table) -> Iterator[str]:
        """Let an Arrow table be read by that name for a while."""
        self.conn.register(name, table)
        try:
            yield name
        finally:
            self.conn.unregister(name)

    def drop(self, name: str) -> None:
        """Drop one temporary table before the end."""
        self.conn.execute(f"drop table temp.{quote(name)}")
        self._made.remove(name)

    def exclude(self, file: LandingFile) -> None:
        """Let the staged records of ``file`` no longer count."""
        for table in self.tables:
            table.files = {at: other for at, other in table.files.items() if other is not file}

    def close(self) -> None:
        """Drop the temporary tables."""
        for name in self._made:
            self.conn.execute(f"drop table if exists temp.{quote(name)}")
        self._made.clear()
        self.tables.clear()

    def add(self, select: str, files: dict[int, LandingFile], parameters: Sequence[object]) -> None:
        """Stage the records of a typed query whose ``_row`` is filled, and count them."""
        table = StagedTable(self.create(select, parameters), files)
        self.tables.append(table)
        for at, rows, rejected in self.conn.execute(
            f"select _at, count(*), count(_reason) from {table.sql} group by _at"
        ).fetchall():
            if not files[at].is_unreadable:
                files[at].rows += rows
                files[at].rejected += rejected

    def typed(self, raw: str, cells: Mapping[str, Cell], text: str = "_raw") -> str:
        """Return the query that types the records of the query ``raw``.

        ``raw`` gives ``_at``, ``_row``, ``_why`` (null, or why the record as a whole is rejected),
        whatever the ``cells`` read and what ``text``, the expression of a rejected record's text,
        needs. A column without a cell is null.
        """
        columns = list(enumerate(self.source.columns))
        values = [self._value(number, cells.get(column.name)) for number, column in columns]
        checks = [
            check
            for number, column in columns
            if column.name in cells
            for check in self._checks(number, column.name, cells[column.name])
        ]
        flags = "".join(f", {check.condition} as {check.flag}" for check in checks)
        any_bad = " or ".join(check.flag for check in checks) or "false"
        texts = ", ".join(f"case when {check.flag} then {check.text} end" for check in checks)
        first = " ".join(f"when {check.flag} then {literal(check.column)}" for check in checks)
        chosen = ", ".join(f"v{number}" for number, _ in columns)
        return (
            f"select _at, _row, {chosen}, "
            f"case when _why is not null then null {first} end as _column, _reason, "
            f"case when _reason is not null then {text} end as _raw from ("
            "select *, case when _why is not null then _why "
            f"when {any_bad} then concat_ws('; ', {texts or 'null'}) end as _reason from ("
            f"select *, {', '.join(values)}{flags} from ({raw})))"
        )

    def _value(self, number: int, cell: Cell | None) -> str:
        """Return the value of the column with that number, named ``v<number>``."""
        type_ = self.types[self.source.columns[number].name]
        return f"{cell.cast.value if cell else f'null::{type_}'} as v{number}"

    def _checks(self, number: int, name: str, cell: Cell) -> Iterator["_Check"]:
        """Yield what may be wrong with a column of a record."""
        shown = f"left({cell.shown}, {SHOWN_CHARACTERS})"
        begin, end = literal(f"column '{name}': '"), literal(f"' is not {self.types[name]}")
        condition = f"coalesce({cell.cast.is_bad}, false)"
        yield _Check(name, f"b{number}", condition, f"{begin} || {shown} || {end}")
        if name in self.source.key:
            empty = f"({cell.shown} is null or {cell.shown} = '')"
            told = literal(f"column '{name}' is empty and is part of the key")
            yield _Check(name, f"k{number}", empty, told)


@dataclass(frozen=True)
class _Check:
    """A reason to reject a record: its column, its condition by name, its text, both in SQL."""

    column: str
    flag: str
    condition: str
    text: str


def stage_together(
    files: Sequence[LandingFile], stage: Callable[[list[LandingFile]], None], what: str
) -> None:
    """Stage files in one go or, if DuckDB fails on one, each by itself; they should be ``what``."""
    try:
        stage(list(files))
    except READ_ERRORS as error:
        if len(files) > 1:
            for file in files:
                stage_together([file], stage, what)
        else:
            files[0].give_up(f"it cannot be read as {what}: {str(error).splitlines()[0]}")


def batches(
    files: Sequence[LandingFile], *, most_files: int, most_bytes: int
) -> Iterator[list[LandingFile]]:
    """Cut ``files`` into runs that are small enough to be read at once."""
    batch: list[LandingFile] = []
    size = 0
    for file in files:
        if batch and (len(batch) >= most_files or size + file.size > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch
