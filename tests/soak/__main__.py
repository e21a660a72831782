"""Run the long cases: ``python -m tests.soak [NAME …]``; exit 1 when one did not survive."""

import contextlib
import inspect
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.soak.cases import CASES
from tests.soak.mounts import Skipped
from tests.soak.result import Result, write_results

RESULTS = Path(__file__).with_name("results.json")


def main(names: list[str]) -> int:
    """Run the cases ``names``, or all, each in a folder of its own, and write the results."""
    console = Console()
    if unknown := [name for name in names if name not in CASES]:
        console.print(f"no case {', '.join(unknown)}; there are: {', '.join(CASES)}")
        return 2
    results = []
    for name in names or CASES:
        case = CASES[name]
        console.print(f"{name}: {inspect.getdoc(case.run)} ({case.tries} tries)")
        began = time.monotonic()
        with contextlib.suppress(Skipped), tempfile.TemporaryDirectory() as folder:
            results.append(case.run(Path(folder), case.tries))
            console.print(f"{name}: {time.monotonic() - began:.0f} s")
            continue
        console.print(f"{name}: skipped, only root may mount a file system here")
    write_results(RESULTS, results)
    console.print(_table(results))
    return int(any(each.tried != each.survived for each in results))


def _table(results: list[Result]) -> Table:
    table = Table("case", "tried", "survived", "found", title="reliability")
    for each in results:
        found = "\n".join(each.found[:5]) or "–"
        table.add_row(each.case, f"{each.tried:,}", f"{each.survived:,}", found)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
