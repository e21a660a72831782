"""What was measured: kept in ``bench/results.json``, shown in ``docs/performance.md``."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
TEXT = """\
# Performance, beside the peers

Made by `make bench`, which measures each case beside a peer on the same machine, in turn, and
fails when a ratio is above its target; `make bench ONLY=publish` measures some of it anew, and the
rest stays as it was. Figures are medians on two shared cores, of the day in the last column. A
ratio is our time over the peer's: below 1 is faster than the peer. Machines differ from day to day:
compare ratios, not seconds.

| case | ours | peer | ratio | target | runs | measured |
| --- | --- | --- | --- | --- | --- | --- |
{rows}
"""


def merge(module: str, rows: Sequence[Row], path: Path = RESULTS) -> list[Row]:
    """Put ``rows``, which ``bench/<module>.py`` has measured today, in place of its earlier ones.

    Returns every row there is now, those of other modules included.
    """
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    kept = [row for row in earlier if row["module"] != module]
    today = datetime.now(UTC).date().isoformat()
    every = [*kept, *({"module": module, "measured": today, **row} for row in rows)]
    path.write_text(json.dumps(every, indent=2) + "\n", encoding="utf-8")
    return every


def write_page(rows: Sequence[Row], modules: Sequence[str], path: Path = PAGE) -> None:
    """Write the page of ``rows``, in the order of ``modules``."""
    path.write_text(page(rows, modules), encoding="utf-8")


def page(rows: Sequence[Row], modules: Sequence[str]) -> str:
    """Return the text of the page."""
    ordered = sorted(rows, key=lambda row: modules.index(row["module"]))
    return TEXT.format(rows="\n".join(map(_line, ordered)))


def shown(value: float) -> str:
    """Return ``value`` with three digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _line(row: Row) -> str:
    ratio = told(row["ratio"]) + ("" if row["ok"] else " **missed**")
    peer = f"{row['peer']} ({row['peer_version']})"
    cells = (
        row["case"],
        shown(row["ours"]),
        peer,
        ratio,
        row["target"],
        row["runs"],
        row["measured"],
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def told(ratio: float | None) -> str:
    """Return a ratio as a person reads it; a peer that cannot do the case has none."""
    return "not measured" if ratio is None else f"{ratio:.2f}"
