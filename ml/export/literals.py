"""Values as SQL reads them back, bit for bit."""


def number(value: float) -> str:
    """Return a finite ``value`` as a double; without an exponent DuckDB reads a decimal."""
    told = repr(float(value))
    told = told if "e" in told else f"{told}e0"
    return f"({told})" if told.startswith("-") else told


def text(value: str) -> str:
    """Return ``value`` as a text."""
    return "'" + value.replace("'", "''") + "'"


def chained(parts: list[str]) -> str:
    """Return the parts added up from left to right, as a float's sum depends on the order."""
    return " + ".join(parts)
