"""The file that ``estimator.onnx`` names: found within the project, read whole or refused."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from ml.errors import UsageError
from ml.imported.session import NotRun, open_session
from ml.spec import ModelSpec

MOST_BYTES = 512 << 20


def content_of(spec: ModelSpec) -> bytes:
    """Return the bytes of the file; raises UsageError where it is not there or too large."""
    return _read(spec, path_of(spec))


def path_of(spec: ModelSpec) -> Path:
    """Return where the file lies; raises UsageError for a path that leads out of the project."""
    folder = (spec.folder or Path.cwd()).resolve()
    path = (folder / str(spec.estimator.onnx)).resolve()
    if not path.is_relative_to(folder):
        raise refused(spec, f"leads to {path}; allowed: a file within the project, {folder}")
    return path


def session_of(spec: ModelSpec, content: bytes) -> Any:
    """Return ONNX Runtime's session of ``content``, the file's bytes, which it may share.

    Raises UsageError naming what is wrong with them.
    """
    try:
        return _opened(content)
    except NotRun as wrong:
        raise refused(spec, f"cannot be imported: {wrong}") from None


@lru_cache(maxsize=1)
def _opened(content: bytes) -> Any:
    return open_session(content)


def refused(spec: ModelSpec, problem: str) -> UsageError:
    """Return the error that says what is wrong with the file that ``spec`` names."""
    return UsageError(
        f"estimator.onnx '{spec.estimator.onnx}' of ML model '{spec.name}' {problem}",
        fix=f"put the right file in its place, or fix {spec.file}, then: goldloop train "
        f"{spec.name}",
    )


def _read(spec: ModelSpec, path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise refused(spec, f"is no file ({path})")
        if not size:
            raise refused(spec, f"has zero bytes ({path})")
        if size > MOST_BYTES:
            raise refused(spec, f"has {size:,} bytes ({path}); allowed: up to {MOST_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        said = error.strerror or str(error)
        raise refused(spec, f"cannot be read: {said} ({path})") from None
