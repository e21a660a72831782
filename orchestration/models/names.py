"""The versions people name as ``NAME@7``."""

from collections.abc import Sequence

from ml.errors import UsageError
from ml.names import listed
from ml.versions.registry import ModelVersion


def split_name(text: str) -> tuple[str, int | None]:
    """Return the model's name and the version in ``NAME@7``; None without one."""
    name, at, number = text.rpartition("@")
    if not at:
        return text, None
    if not number.isdecimal():
        raise UsageError(f"'{text}' names no version; allowed: NAME@7", fix="type: goldloop models")
    return name, int(number)


def versions_of(every: Sequence[ModelVersion], name: str) -> list[ModelVersion]:
    """Return the versions of model ``name``, the newest first.

    Raises UsageError with the nearest names when it has none.
    """
    found = [version for version in every if version.model == name]
    if not found:
        known = listed(name, {version.model for version in every})
        raise UsageError(
            f"no ML model '{name}' has a version; there are: {known}",
            fix="type: goldloop models, or train it: goldloop train",
        )
    return found


def version_of(every: Sequence[ModelVersion], text: str) -> ModelVersion:
    """Return the version ``NAME@7``; of ``NAME`` alone the champion, or the newest version.

    Raises UsageError with the nearest names, or the versions there are, when there is none.
    """
    name, number = split_name(text)
    found = versions_of(every, name)
    if number is None:
        return next((each for each in found if each.status == "champion"), found[0])
    for version in found:
        if version.version == number:
            return version
    there = ", ".join(f"{each.name} ({each.status})" for each in found)
    raise UsageError(
        f"'{text}' is no version; there are: {there}", fix=f"type: goldloop models show {name}"
    )
