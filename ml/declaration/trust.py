"""Whose code a declaration may name: scikit-learn's, the project's own, and what is trusted.

Decided by names and files alone, before anything is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.names import listed

if TYPE_CHECKING:
    from ml.declaration.estimator import Estimator

SCIKIT_LEARN = "sklearn"
PROJECT_FILE = "goldloop.yml"


@dataclass(frozen=True)
class Trust:
    """What lies outside scikit-learn and is let in.

    ``names`` are classes, functions and builders as ``ml.trust`` of the project file has them,
    ``own`` classes that the declaration names of the project's own, ``folder`` is the project's.
    """

    names: tuple[str, ...] = ()
    folder: Path | None = None
    own: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether ``name``, a class or a builder as declared, may be imported."""
        module = module_of(name)
        if ":" not in name and module.split(".")[0] == SCIKIT_LEARN:
            return True
        return name in self.names or own_file(self.folder, module) is not None


NOBODY = Trust()


def trust_of(estimator: str, folder: Path | None, names: tuple[str, ...]) -> Trust:
    """Return what a version made of ``estimator`` may be made of in the project in ``folder``."""
    is_own = is_class_name(estimator) and own_file(folder, module_of(estimator))
    return Trust(names, folder, (estimator,) if is_own else ())


def module_of(name: str) -> str:
    """Return the module of ``module.Class`` or ``module:function``."""
    return name.partition(":")[0] if ":" in name else name.rpartition(".")[0]


def own_file(folder: Path | None, module: str) -> Path | None:
    """Return the file of ``module`` in the project's ``folder``, None when it has none there."""
    *above, last = module.split(".")
    if folder is None or not last:
        return None
    package = folder.joinpath(*above)
    found = (package / f"{last}.py", package / last / "__init__.py")
    return next((path for path in found if path.is_file()), None)


def named(estimator: Estimator) -> Iterator[tuple[str, str]]:
    """Yield the key and the name of each class and builder that ``estimator`` declares."""
    if estimator.builder is not None:
        yield "estimator.builder", estimator.builder
    if estimator.class_ is not None:
        yield "estimator.class", estimator.class_
        yield from _within("estimator.params", estimator.params)


def own_classes(estimator: Estimator, folder: Path | None) -> tuple[str, ...]:
    """Return the classes of the project's own that ``estimator`` names."""
    found = (name for key, name in named(estimator) if key != "estimator.builder")
    return tuple(name for name in found if own_file(folder, module_of(name)))


def is_nested(value: Any) -> bool:
    """Whether a parameter's ``value`` declares an estimator of its own, ``{class, params}``."""
    return isinstance(value, Mapping) and "class" in value and set(value) <= {"class", "params"}


def untrusted(estimator: Estimator, trust: Trust) -> Iterator[str]:
    """Yield one line for each class or builder named that is no name or is not let in."""
    for key, name in named(estimator):
        colon = key == "estimator.builder"
        if not (is_builder_name if colon else is_class_name)(name):
            form = "package.module:function" if colon else "package.module.Class"
            yield f"{key} is {name!r}; allowed: {form}"
        elif not trust.has(name):
            yield (
                f"{key} names '{name}', which is neither scikit-learn's nor the project's own"
                f"{f' (in {trust.folder})' if trust.folder else ''}, and {PROJECT_FILE} trusts: "
                f"{listed(name, trust.names)}; if you trust it, add to {PROJECT_FILE}: "
                f"ml: {{trust: [{', '.join((*trust.names, name))}]}}"
            )


def _within(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if is_nested(value):
            yield f"{key}.class", str(value["class"])
        for name, each in value.items():
            yield from _within(f"{key}.{name}", each)
    elif isinstance(value, list | tuple):
        for at, each in enumerate(value):
            yield from _within(f"{key}[{at}]", each)


def is_class_name(name: str) -> bool:
    """Whether ``name`` reads ``package.module.Class``."""
    return "." in name and all(part.isidentifier() for part in name.split("."))


def is_builder_name(name: str) -> bool:
    """Whether ``name`` reads ``package.module:function``."""
    module, colon, function = name.partition(":")
    parts = (*module.split("."), function)
    return bool(colon) and all(part.isidentifier() for part in parts)
