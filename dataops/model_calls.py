"""The ML models that the SQL of a dbt model asks by their names, which dbt does not see."""

import re
from collections.abc import Mapping
from typing import Any

_CALL = re.compile(r"""\bml_\w+\(\s*(?:model\s*=\s*)?(['"])(?P<name>.+?)\1""")


def called_models(node: Mapping[str, Any]) -> set[str]:
    """Return the names in quotes by which the SQL of ``node`` asks ML models."""
    return {found["name"] for found in _CALL.finditer(str(node.get("raw_code") or ""))}
