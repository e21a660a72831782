"""The two files opened side by side, read-only, with bounds on memory."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from ml.errors import PipelineError
from ml.relation import quote

OLD, NEW = "goldloop_old", "goldloop_new"


@contextmanager
def opened(
    old: Path, new: Path, others: Mapping[str, Path], memory: str
) -> Iterator[tuple[DuckDBPyConnection, tuple[str, str]]]:
    """Yield a connection with the files attached, and the catalog names of ``old`` and ``new``.

    A file compared with itself is attached once, under one name. Raises PipelineError for a file
    that cannot be opened, and for what DuckDB cannot read within the block.
    """
    with tempfile.TemporaryDirectory(prefix="goldloop-diff-") as spill, duckdb.connect() as conn:
        conn.execute(f"set memory_limit = {_text(memory)}")
        conn.execute(f"set temp_directory = {_text(spill)}")
        conn.execute("set preserve_insertion_order = false")
        conn.execute("set TimeZone = 'UTC'")
        for name, path in others.items():
            _attach(conn, name, path)
        _attach(conn, OLD, old)
        is_same = old.samefile(new) if new.exists() else False
        if not is_same:
            _attach(conn, NEW, new)
        try:
            yield conn, (OLD, OLD if is_same else NEW)
        except duckdb.OutOfMemoryException as error:
            raise PipelineError(
                f"{old} and {new} need more than {memory} of memory to compare",
                fix="compare fewer schemas at a time, or free disk for what does not fit",
            ) from error
        except duckdb.Error as error:
            raise PipelineError(
                f"{old} and {new} cannot be compared: {error}", fix="type: goldloop doctor"
            ) from error


def _attach(connection: DuckDBPyConnection, name: str, path: Path) -> None:
    try:
        if not path.is_file():
            raise FileNotFoundError(f"there is no file {path}")
        connection.execute(f"attach {_text(str(path))} as {quote(name)} (read_only)")
    except (OSError, duckdb.Error) as error:
        reason = str(error).splitlines()[0]
        raise PipelineError(
            f"{path} cannot be opened: {reason}",
            fix="type: goldloop doctor (the releases there are: goldloop releases)",
        ) from error


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
