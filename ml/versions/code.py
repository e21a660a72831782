"""Code that a declaration names: imported from where it may come from, and told apart by hash."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from ml.declaration.presets import PRESETS, reads_images
from ml.declaration.trust import PROJECT_FILE, SCIKIT_LEARN, Trust, module_of, named, own_file
from ml.errors import UsageError
from ml.imported.file import content_of
from ml.names import listed
from ml.spec import ModelSpec


def imported(name: str, trust: Trust, *, key: str, file: str) -> Any:
    """Return what ``name`` (``module.Class`` or ``module:function``) names.

    It is one that ``trust`` lets in. Raises UsageError when it is not there, cannot be imported,
    or another module has taken the name of the project's.
    """
    module, last = module_of(name), name.replace(":", ".").rpartition(".")[2]
    own = own_file(trust.folder, module)
    fix = f"fix {key} in {file}, then: dbt parse"
    try:
        with importable(trust.folder):
            found = importlib.import_module(module)
        taken = None if own is None or _is_file(found, own) else found
    except Exception as error:
        # One that is installed comes first, and may lack what the project's has.
        above = sys.modules.get(module.split(".")[0])
        taken = None if own is None or trust.folder is None else _elsewhere(above, trust.folder)
        if taken is None:
            raise UsageError(
                f"{key} names '{name}', but {module} cannot be imported: {_said(error)}", fix=fix
            ) from error
    if taken is not None:
        raise UsageError(
            f"{key} names '{name}' of {own}, but Python finds {taken.__name__} in "
            f"{getattr(taken, '__file__', None)}; the name is taken",
            fix=f"give the package in the project another name, then fix {key} in {file}",
        )
    if not hasattr(found, last):
        public = [each for each in vars(found) if not each.startswith("_")]
        raise UsageError(
            f"{key} names '{name}', but {module} has no '{last}'; it has: {listed(last, public)}",
            fix=fix,
        )
    return getattr(found, last)


@contextmanager
def importable(folder: Path | None) -> Iterator[None]:
    """Let the modules in ``folder`` be imported, those installed first."""
    place = str(folder)
    if folder is None or place in sys.path:
        yield
        return
    sys.path.append(place)
    try:
        yield
    finally:
        sys.path.remove(place)


def types_of(trust: Trust) -> frozenset[str]:
    """Return the full names of what ``trust`` lets in, as it is called where it is defined.

    What cannot be imported any more is left out.
    """
    found = set()
    # A builder makes estimators and is none itself.
    for name in (each for each in (*trust.names, *trust.own) if ":" not in each):
        with suppress(UsageError):
            each = imported(name, trust, key="ml.trust", file=PROJECT_FILE)
            home = getattr(each, "__module__", ""), getattr(each, "__qualname__", "")
            found |= {name, ".".join(home)}
    return frozenset(found)


def packages(spec: ModelSpec) -> tuple[str, ...]:
    """Return the installed distributions whose code ``spec`` names beside scikit-learn's."""
    extra: tuple[str, ...] = ("pillow", "scikit-image") if reads_images(spec.estimator) else ()
    extra = ("onnxruntime",) if spec.estimator.onnx is not None else extra
    foreign = [module_of(name) for name in _foreign(spec)]
    tops = sorted({each.split(".")[0] for each in foreign if not own_file(spec.folder, each)})
    known = packages_distributions() if tops else {}
    needed = PRESETS[spec.estimator.preset].library if spec.estimator.preset else None
    found = {each for top in tops for each in known.get(top, ())}
    return tuple(sorted(found | set(extra) | ({needed} if needed else set())))


def fingerprints(spec: ModelSpec) -> dict[str, str]:
    """Return, by name, the hash of the source that ``spec`` names beside scikit-learn's.

    Of the project's own code that of the whole package counts, for a module may use another.
    """
    found = {name: _source(spec.folder, module_of(name)) for name in _foreign(spec)}
    hashes = {name: _hash(files) for name, files in found.items()}
    if spec.estimator.onnx is not None:
        hashes[spec.estimator.onnx] = hashlib.sha256(content_of(spec)).hexdigest()
    return hashes


def _foreign(spec: ModelSpec) -> list[str]:
    names = [name for _, name in named(spec.estimator)]
    if spec.estimator.builder is not None:
        names += spec.trust
    return sorted({name for name in names if name.split(".")[0] != SCIKIT_LEARN})


def _source(folder: Path | None, module: str) -> list[Path]:
    own = own_file(folder, module)
    if own is None or folder is None:
        try:
            origin = getattr(find_spec(module), "origin", None)
        except (ImportError, ValueError):
            origin = None
        return [Path(origin)] if origin and Path(origin).is_file() else []
    package = folder / module.split(".")[0]
    return sorted(package.rglob("*.py")) if package.is_dir() else [own]


def _hash(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _is_file(module: Any, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).resolve() == path.resolve()


def _elsewhere(module: ModuleType | None, folder: Path) -> ModuleType | None:
    """Return ``module`` where it is none of ``folder``."""
    file = getattr(module, "__file__", None)
    inside = file is None or Path(file).resolve().is_relative_to(folder.resolve())
    return None if inside else module


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
