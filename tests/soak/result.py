"""What a case came to."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Result:
    """How often ``case`` was tried, how often the warehouse survived, and what was found."""

    case: str
    tried: int = 0
    survived: int = 0
    found: list[str] = field(default_factory=list)

    def add(self, what: str, problems: list[str]) -> None:
        self.tried += 1
        self.survived += not problems
        self.found += [f"{what}: {problem}" for problem in problems]

    def attempt(self, what: str, do: Callable[[], list[str]]) -> None:
        """Add what ``do`` finds; that it raises is a find as well."""
        try:
            self.add(what, do())
        except Exception as error:  # noqa: BLE001 -- whatever it is, it has been found
            self.add(what, [f"{type(error).__name__}: {error}"])


def write_results(path: Path, results: list[Result]) -> None:
    """Write ``results``; those of cases that did not run this time stay."""
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    every = {each["case"]: each for each in before} | {each.case: asdict(each) for each in results}
    path.write_text(json.dumps(list(every.values()), indent=2) + "\n", encoding="utf-8")
