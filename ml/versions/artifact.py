"""A fitted estimator as bytes and back by skops, of what :mod:`ml.versions.allowed` lists only.

Nothing is ever unpickled, and no list of trusted types is read from an artifact. Every type and
function the bytes name is held against the list before anything is built from them.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import skops.io

# Older protocols of skops have loaders that read other keys than those checked here.
from skops.io._protocol import PROTOCOL

from ml.declaration.trust import NOBODY, PROJECT_FILE, Trust, is_class_name
from ml.errors import PipelineError
from ml.imported.estimator import Imported
from ml.versions.allowed import TRUSTED_BY_NAME, is_allowed
from ml.versions.canonical import canonical
from ml.versions.code import importable, types_of
from ml.versions.vocabulary import put_back, taken_out

MOST_BYTES = 4 << 30
_MADE_BY = ("duckdb", "numpy", "pyarrow", "scikit-learn", "scipy", "skops")
_READ_BY = ("scikit-learn", "skops")
# What a crafted or damaged artifact makes zipfile, json, numpy and skops say.
_UNREADABLE = (
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
)


def library_versions(packages: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions of the libraries that decide what a fit gives, ``packages`` included."""
    return {name: _installed(name) for name in (*_MADE_BY, *packages)}


@cache
def _installed(name: str) -> str:
    """Return the version of package ``name``, which is read from a file."""
    return version(name)


def sha256(data: bytes) -> str:
    """Return the sha256 of ``data`` in hex."""
    return hashlib.sha256(data).hexdigest()


def dump(estimator: Any, *, of: str = "the model", trust: Trust = NOBODY) -> bytes:
    """Return the fitted ``estimator`` as bytes that :func:`load` reads, the same for equal ones.

    An imported model is its file's bytes, as they are. Raises PipelineError naming what of it is
    not on the list or cannot be written.
    """
    if isinstance(estimator, Imported):
        return estimator.content
    data, foreign = _written(estimator, trust)
    if foreign:
        raise PipelineError(
            f"what was fitted for {of} cannot be kept: {', '.join(foreign)}; allowed: estimators "
            "of scikit-learn and what goldloop.yml trusts",
            fix=remedy(foreign, trust),
        )
    return data


def unkept(estimator: Any, trust: Trust = NOBODY) -> list[str]:
    """Return what of ``estimator``, fitted or not, cannot be kept; nothing when all can."""
    return _written(estimator, trust)[1]


def remedy(foreign: Sequence[str], trust: Trust) -> str:
    """Return what to do about ``foreign`` types, which :func:`unkept` gave: the line to add."""
    names = [each.partition(" (")[0] for each in foreign if each.endswith(TRUSTED_BY_NAME)]
    if len(names) < len(foreign) or not all(map(is_class_name, names)):
        return "choose another estimator"
    line = ", ".join((*trust.names, *names))
    return f"if you trust it, add to {PROJECT_FILE}: ml: {{trust: [{line}]}}"


def load(
    data: bytes,
    *,
    digest: str,
    libraries: Mapping[str, str],
    of: str,
    trust: Trust = NOBODY,
) -> Any:
    """Return the estimator that :func:`dump` wrote as ``data``; ``of`` names it in errors.

    ``trust`` is what the project lets in now, whatever it was when the artifact was made.

    Raises PipelineError when the bytes do not match ``digest``, name a type that is not allowed,
    cannot be read, or were made with other versions of the libraries that read them.
    """
    retrain = f"train it anew: goldloop train {of.split('@', maxsplit=1)[0]}"
    _check_whole(data, digest, of, retrain)
    _check_versions(libraries, of, retrain)
    try:
        named = _named(data)
        foreign = _foreign(named, trust)
        if not foreign:
            trusted = sorted({type_ for _, type_ in named})
            with importable(trust.folder):
                kept = skops.io.loads(data, trusted=trusted)
            return put_back(kept["estimator"], kept["vocabulary"])
    except _UNREADABLE as error:
        raise PipelineError(
            f"the artifact of {of} cannot be read ({type(error).__name__}: {error}); it is no "
            "artifact that training wrote",
            fix=retrain,
        ) from error
    raise PipelineError(
        f"the artifact of {of} names what is not on the list of trusted types: "
        f"{', '.join(foreign)}; it is not read",
        fix=retrain,
    )


def check_imported(data: bytes, *, digest: str, libraries: Mapping[str, str], of: str) -> None:
    """Hold ``data``, the kept bytes of an imported model, against what was recorded of them.

    Raises PipelineError when they do not match ``digest`` or another ONNX Runtime is installed.
    """
    retrain = f"import it anew: goldloop train {of.split('@', maxsplit=1)[0]}"
    _check_whole(data, digest, of, retrain)
    others = {name: met for name, met in libraries.items() if name not in _MADE_BY}
    _check_installed(others, others, of, retrain)


def _check_whole(data: bytes, digest: str, of: str, retrain: str) -> None:
    met = sha256(data)
    if met != digest:
        raise PipelineError(
            f"the artifact of {of} has sha256 {met}, but {digest} was recorded; it was changed "
            "after it was made and is not read",
            fix=f"roll back to a release that has it whole, or {retrain}",
        )


def _check_versions(libraries: Mapping[str, str], of: str, retrain: str) -> None:
    """Hold the versions it was made with against those installed, where they matter to read it."""
    others = [name for name in libraries if name not in _MADE_BY]
    _check_installed((*_READ_BY, *others), libraries, of, retrain)


def _check_installed(
    names: Iterable[str], libraries: Mapping[str, str], of: str, retrain: str
) -> None:
    for name in names:
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "none"
        if libraries.get(name) != installed:
            raise PipelineError(
                f"the artifact of {of} was made with {name} {libraries.get(name)}; installed is "
                f"{installed}; allowed: the version that made it",
                fix=f"install {name}=={libraries.get(name)}, or {retrain}",
            )


def _written(estimator: Any, trust: Trust) -> tuple[bytes, list[str]]:
    """Return ``estimator`` as bytes, and what of it could not be read again."""
    try:
        with taken_out(estimator) as vocabularies:
            kept = {"estimator": estimator, "vocabulary": vocabularies}
            data = canonical(skops.io.dumps(kept))
        return data, _foreign(_named(data), trust)
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        return b"", [f"skops cannot write it ({type(error).__name__}: {error})"]


def _foreign(named: Iterable[tuple[str, str]], trust: Trust) -> list[str]:
    """Return those of ``named``, loaders and types, that are not allowed."""
    beside = {each for each in named if not is_allowed(*each)}
    # Resolving what is trusted imports it, so only where something is in question.
    trusted = types_of(trust) if beside else frozenset()
    left = [each for each in beside if not is_allowed(*each, trusted)]
    return sorted(f"{type_} ({loader})" for loader, type_ in left)


def _named(data: bytes) -> set[tuple[str, str]]:
    """Return each loader and type that the artifact names.

    Raises ValueError for one that is too large unpacked, has folders, or is of another protocol.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        _check_members(archive)
        schema = json.loads(archive.read("schema.json"))
    if not isinstance(schema, dict) or schema.get("protocol") != PROTOCOL:
        raise ValueError(f"its protocol is not {PROTOCOL}")
    return set(_nodes(schema))


def _nodes(schema: Any) -> Iterator[tuple[str, str]]:
    todo = [schema]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            todo.extend(node.values())
            if "__loader__" in node or "__class__" in node:
                type_ = f"{node.get('__module__')}.{node.get('__class__')}"
                yield str(node.get("__loader__")), type_


def _check_members(archive: zipfile.ZipFile) -> None:
    total = 0
    for member in archive.infolist():
        if "/" in member.filename or "\\" in member.filename:
            raise ValueError(f"it holds the path {member.filename!r}; allowed: plain names")
        total += member.file_size
        if total <= MOST_BYTES and member.filename.endswith(".npz"):
            with zipfile.ZipFile(io.BytesIO(archive.read(member))) as inner:
                total += sum(each.file_size for each in inner.infolist())
        if total > MOST_BYTES:
            raise ValueError(f"unpacked it is larger than {MOST_BYTES:,} bytes")
