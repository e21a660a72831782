"""Texts and paths as DuckDB takes them."""

from collections.abc import Iterable

# A list of paths travels as one text: each value of a list that is a parameter costs DuckDB's
# client a vain attempt to import pandas where that is not installed, 0.1 ms a path.
PATHS = "string_split(?, chr(0))"


def literal(text: str) -> str:
    """Return ``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def exact_paths(paths: Iterable[str]) -> str:
    """Return the parameter of ``PATHS``: globs, as DuckDB takes them, that match one path each."""
    return "\0".join("".join(_GLOB.get(char, char) for char in path) for path in paths)


_GLOB = {char: f"[{char}]" for char in "*?["}


def is_beyond_globs(path: str) -> bool:
    """Whether no glob matches ``path`` alone: DuckDB takes a backslash in a glob for a slash."""
    return "\\" in path and any(char in path for char in _GLOB)
