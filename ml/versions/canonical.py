"""The same bytes for the same estimator.

Skops names arrays and objects by where they lay in memory and dates each entry, so that two equal
estimators never have equal bytes. Here both are numbered in the order they are met, without a date.
"""

import io
import json
import zipfile
from typing import Any

_SCHEMA = "schema.json"
_DATE = (1980, 1, 1, 0, 0, 0)  # the first a zip file can hold


def canonical(data: bytes) -> bytes:
    """Return the skops archive ``data`` with the same content and no trace of its making."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read(_SCHEMA))
        names: dict[str, str] = {}
        _number(schema, {}, names)
        entries = {new: archive.read(old) for old, new in names.items()}
    entries[_SCHEMA] = json.dumps(schema).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name, _DATE)
            archive.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _number(node: Any, seen: dict[int, int], names: dict[str, str]) -> None:
    """Give each object, and each file, the number of its turn; what is shared stays shared.

    Plain values are told apart everywhere: whether two of them are one object is up to Python.
    """
    if isinstance(node, list):
        for each in node:
            _number(each, seen, names)
    elif isinstance(node, dict):
        if isinstance(node.get("__id__"), int):
            own = node["__id__"]
            if node.get("__loader__") == "JsonNode":
                own = -len(seen) - 1
            node["__id__"] = seen.setdefault(own, len(seen))
        if isinstance(node.get("file"), str):
            end = node["file"].rpartition(".")[2]
            node["file"] = names.setdefault(node["file"], f"{len(names)}.{end}")
        for each in node.values():
            _number(each, seen, names)
