"""Texts and blobs: a file is one row, its content untouched."""

from collections.abc import Callable, Sequence

from dataops.landing.casting import Cast
from dataops.landing.files import LandingFile
from dataops.landing.literal import PATHS, exact_paths
from dataops.landing.staging import Cell, Staging, batches, stage_together

MOST_FILES = 500
MOST_BYTES = 64 << 20

Read = Callable[[int], None]


def stage_whole(staging: Staging, files: Sequence[LandingFile], read: Read) -> None:
    """Stage each of ``files`` as one row; ``read`` is told how many more files are done."""
    is_text = staging.source.format == "text"
    for file in files:
        if is_text and not file.scan.is_utf8:
            file.give_up("it is not valid UTF-8 — deliver it as UTF-8, or declare the format blob")
    readable = [file for file in files if not file.is_unreadable]
    read(len(files) - len(readable))
    for batch in batches(readable, most_files=MOST_FILES, most_bytes=MOST_BYTES):
        stage_together(batch, lambda part: _stage_batch(staging, part), staging.source.format)
        read(len(batch))


def _stage_batch(staging: Staging, files: list[LandingFile]) -> None:
    reader = "read_text" if staging.source.format == "text" else "read_blob"
    raw = (
        "select file_index as _at, 1::bigint as _row, null::varchar as _raw, "
        f"null::varchar as _why, content, size as size_bytes from {reader}({PATHS})"
    )
    cells = {name: Cell("''", Cast(name, "false")) for name in staging.source.column_names}
    staging.add(
        staging.typed(raw, cells),
        dict(enumerate(files)),
        [exact_paths(file.sql_path for file in files)],
    )
