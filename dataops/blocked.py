"""What of an open run may not be built upon: what failed, and what was to be built from it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = "blocked.jsonl"


@dataclass(frozen=True)
class Blocked:
    """The blocked tables of one candidate, each with its cause; kept beside it, line by line."""

    folder: Path

    def add(self, causes: Mapping[str, str]) -> None:
        """Block tables (``schema.name``), each with its cause in words."""
        known = self.all()
        with (self.folder / FILE).open("a", encoding="utf-8") as handle:
            for table, cause in causes.items():
                if table not in known:
                    handle.write(json.dumps({"table": table, "cause": cause}) + "\n")

    def all(self) -> dict[str, str]:
        """Return every blocked table with its cause."""
        path = self.folder / FILE
        if not path.is_file():
            return {}
        lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        return {line["table"]: line["cause"] for line in lines}

    def among(self, tables: Iterable[str]) -> dict[str, str]:
        """Return those of ``tables`` that are blocked, with their causes."""
        every = self.all()
        return {table: every[table] for table in tables if table in every}
