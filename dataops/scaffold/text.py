"""Pieces of YAML as a person would write them."""

import json
import re
import textwrap
from collections.abc import Iterator

import yaml

_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./-]*")


def quoted(value: str) -> str:
    """Return ``value`` as YAML that reads as that text, in quotes only where it must be."""
    is_plain = _PLAIN.fullmatch(value) and value == value.strip()
    if is_plain and yaml.safe_load(value) == value:
        return value
    # YAML has no surrogate pairs, by which JSON writes what is beyond 16 bits.
    return json.dumps(value, ensure_ascii=not value.isprintable())


def folded(key: str, text: str, indent: int) -> Iterator[str]:
    """Yield the lines of ``key`` with ``text`` as its value, folded where it is long."""
    words = " ".join(text.split())
    line = f"{' ' * indent}{key}: {quoted(words)}"
    if len(line) <= _WIDTH:
        yield line
        return
    yield f"{' ' * indent}{key}: >-"
    inside = " " * (indent + 2)
    yield from textwrap.wrap(
        words, _WIDTH, initial_indent=inside, subsequent_indent=inside, break_on_hyphens=False
    )
