"""Texts as SQL literals, for the places where DuckDB takes no parameter."""


def literal(text: str) -> str:
    """Return ``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def exact_path(path: str) -> str:
    """Return ``path`` as a glob that matches that one path: DuckDB reads every path as a glob."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in path)
