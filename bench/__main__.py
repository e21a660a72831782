"""``make bench [ONLY=name]``: run the cases, print a table, write ``bench/results.json``."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

CASES = ("ingest", "publish", "run", "training")
RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Run the named cases, or all of them; exit with 1 when a ratio misses its target."""
    names = sys.argv[1:] or list(CASES)
    console = Console()
    if unknown := set(names) - set(CASES):
        console.print(f"no case {', '.join(sorted(unknown))}; there are: {', '.join(CASES)}")
        sys.exit(2)
    results: list[dict[str, Any]] = []
    for name in names:
        with console.status(f"measuring {name}"):
            results += importlib.import_module(f"bench.{name}").run()
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    console.print(_table(results))
    sys.exit(0 if all(result["ok"] for result in results) else 1)


def _table(results: list[dict[str, Any]]) -> Table:
    table = Table("case", "ours", "peer", "ratio", "target", "", title="goldloop beside its peers")
    for result in results:
        peer = f"{result['peer']} ({result['peer_version']})"
        table.add_row(
            result["case"],
            f"{result['ours']:.3f}",
            peer,
            f"{result['ratio']:.2f}",
            f"{result['target']}",
            "ok" if result["ok"] else "missed",
        )
    return table


if __name__ == "__main__":
    main()
