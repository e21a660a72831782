"""``make bench [ONLY=name]``: run the cases, print a table, keep it in ``docs/performance.md``."""

import importlib
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.page import merge, shown, told, write_page

# A module of bench/ each, with a function ``run`` that returns its rows.
CASES = (
    *("drift", "features", "forecast", "ingest", "isolation", "publish", "recommend", "run"),
    *("scoring", "sql_predict", "training"),
)


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
            rows = importlib.import_module(f"bench.{name}").run()
        every = merge(name, rows)
        results += rows
    console.print(_table(results))
    write_page(every, CASES)
    sys.exit(0 if all(result["ok"] for result in results) else 1)


def _table(results: list[dict[str, Any]]) -> Table:
    table = Table("case", "ours", "peer", "ratio", "target", "", title="goldloop beside its peers")
    for result in results:
        peer = f"{result['peer']} ({result['peer_version']})"
        table.add_row(
            result["case"],
            shown(result["ours"]),
            peer,
            told(result["ratio"]),
            f"{result['target']}",
            "" if result["ratio"] is None else "ok" if result["ok"] else "missed",
        )
    return table


if __name__ == "__main__":
    main()
