"""YAML in which a key stands once."""

from collections.abc import Hashable
from typing import Any

import yaml


class StrictLoader(yaml.SafeLoader):
    """Refuses a mapping that has a key twice: of two thresholds, the first would go unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return the mapping ``node`` stands for; ConstructorError if it has a key twice."""
        keys = [key.value for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(
                problem=f"the key {twice[0]} stands twice", problem_mark=node.start_mark
            )
        return super().construct_mapping(node, deep)
