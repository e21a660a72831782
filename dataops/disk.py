"""What warehouse and ledger ask of the disk: copies, links changed in one step, bytes that stay."""

import contextlib
import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from blake3 import blake3

from ml.errors import PipelineError

# The file's name is part of the data: DuckDB stores the database's name inside views.
FILE = "warehouse.duckdb"
# <linux/fs.h>: share the blocks of another file until either is written.
FICLONE = 0x40049409
# What a run needs besides the copy: new tables, the write-ahead log, dbt's artifacts.
SPARE_BYTES = 64_000_000

FIXES = {
    errno.ENOSPC: "free some space (goldloop releases prune), then: goldloop run",
    errno.EDQUOT: "free some space (goldloop releases prune), then: goldloop run",
    errno.EROFS: "make the folder writable, then: goldloop doctor",
    errno.EACCES: "make the folder writable, then: goldloop doctor",
    errno.EPERM: "make the folder writable, then: goldloop doctor",
}


@contextlib.contextmanager
def reported(doing: str) -> Iterator[None]:
    """Turn what the disk refuses within the block into a :class:`PipelineError`."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise PipelineError(
            f"{doing} failed: {error.strerror or error}{where}; readers keep the release they have",
            fix=FIXES.get(error.errno or 0, "type: goldloop doctor"),
        ) from error


def require_space(folder: Path, wanted: int) -> None:
    """Raise PipelineError when ``folder`` has no room for ``wanted`` bytes and some to spare."""
    free = shutil.disk_usage(folder).free
    if free < wanted + SPARE_BYTES:
        raise PipelineError(
            f"{folder} has {free:,} bytes free; a run needs {wanted + SPARE_BYTES:,} "
            "(a copy of the current release and some to spare)",
            fix=FIXES[errno.ENOSPC],
        )


def clone(source: Path, target: Path) -> None:
    """Copy ``source`` to ``target``; where the file system can, the blocks are shared."""
    with source.open("rb") as old, target.open("wb") as new:
        try:
            fcntl.ioctl(new, FICLONE, old.fileno())
        except OSError:
            shutil.copyfile(source, target)


def point(link: Path, target: Path) -> None:
    """Make ``link`` point at ``target`` in one step that no reader can see half of."""
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
    sync(link.parent)


def append(path: Path, data: bytes) -> None:
    """Append ``data`` to ``path`` whole, alone and synced, or leave the file as it was.

    A line that another writer left torn is ended first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        # Closing lets go of the lock.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            # Whoever wrote before was killed in the middle of a line.
            data = b"\n" + data
        try:
            _write(descriptor, data)
        except BaseException:
            # Under the lock the end of the file is ours to take back.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if is_new:
        sync(path.parent)


def _write(descriptor: int, data: bytes) -> None:
    """Write all of ``data``: one call, unless the disk takes less than it was given."""
    written = 0
    while written < len(data):
        written += os.write(descriptor, data[written:])
    os.fsync(descriptor)


def sync(path: Path) -> None:
    """Have the disk hold what was written to ``path``."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot sync a folder; a rename is atomic there all the same.
        if not path.is_dir() or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def checksum(path: Path) -> str:
    """Return the BLAKE3 hash of the bytes of ``path``, in hexadecimal, as ``b3sum`` prints it.

    It is several times as fast as sha256, which would take longer than the copy itself.
    """
    hasher = blake3(max_threads=blake3.AUTO)
    hasher.update_mmap(path)
    return hasher.hexdigest()


def sync_and_hash(path: Path) -> str:
    """Sync ``path`` and return its checksum; the disk writes while the processor hashes."""
    with ThreadPoolExecutor(1) as pool:
        synced = pool.submit(sync, path)
        digest = checksum(path)
        synced.result()
    return digest


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write ``document`` so that ``path`` holds all of it or what it held before."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)


def size(folder: Path) -> int:
    """Return the bytes of the files right in ``folder``."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def remove(folder: Path, trash: Path) -> None:
    """Remove ``folder``: gone in one step, its bytes after; a kill in between leaves only trash."""
    gone = trash / f"{folder.name}-{os.urandom(4).hex()}"
    while folder.exists():
        trash.mkdir(exist_ok=True)
        # Another process may empty the trash, and remove it, between the two.
        with contextlib.suppress(FileNotFoundError):
            folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    with contextlib.suppress(OSError):
        trash.rmdir()
