"""``goldloop synthetic``: made-up rows made by a run, and their report as a person reads it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ml.errors import PipelineError
from ml.synthetic import sets
from ml.synthetic.sets import Made
from orchestration.project import Project
from orchestration.run.commands import run_assets
from orchestration.synthetic.sets import named_sets

_FARTHEST = 5
Line = dict[str, Any]


def make_sets(folder: Path | None, names: Sequence[str], wait: float | None) -> None:
    """Run the assets of the synthetic sets ``names``, or of all, as one release or none."""
    project = Project.locate(folder)
    asked = named_sets(project.manifest, names)
    run_assets(project, [[each.relation.schema, each.relation.name] for each in asked], wait=wait)


def show_sets(folder: Path | None, names: Sequence[str], as_json: bool) -> None:
    """Show the published report of the synthetic sets ``names``, or of all."""
    project, console = Project.locate(folder), Console(soft_wrap=True, highlight=False)
    asked = named_sets(project.manifest, names)
    with project.warehouse.read() as connection:
        found = [(each.name, sets.last(connection, each.name)) for each in asked]
        told = [(made, sets.lines(connection, made)) for _, made in found if made]
    missing = [name for name, made in found if made is None]
    if missing:
        raise PipelineError(
            f"synthetic set '{missing[0]}' is in no release yet",
            fix=f"type: goldloop synthetic {missing[0]}",
        )
    if as_json:
        console.print_json(json.dumps([_document(made, lines) for made, lines in told]))
        return
    for made, lines in told:
        for part in _page(made, lines):
            console.print(part)


def _document(made: Made, lines: Sequence[Line]) -> dict[str, Any]:
    kept = ("part", "metric", "column_name", "other_column", "value", "low", "high", "real",
            "real_low", "real_high", "rows")  # fmt: skip
    return {
        "set": made.set,
        "version": made.version,
        "relation": str(made.relation),
        "train_relation": made.train_relation,
        "rows": made.rows,
        "learnt_rows": made.learnt_rows,
        "held_rows": made.held_rows,
        "columns": list(made.columns),
        "left_out": dict(made.left_out),
        "copies": made.copies,
        "reason": made.reason,
        "report": [{name: line[name] for name in kept} for line in lines],
    }


def _page(made: Made, lines: Sequence[Line]) -> Iterator[Table | str]:
    yield (
        f"{made.relation}, version {made.version}: {made.rows:,} rows made from "
        f"{made.learnt_rows:,} of {made.train_relation}; {made.held_rows:,} held out judge them"
    )
    yield from (f"[yellow]{escape(name)} stays empty[/]: {why}"
                for name, why in made.left_out.items())  # fmt: skip
    if made.rare:
        yield f"{made.rare:,} texts that few rows have were put as common ones"
    overall = [line for line in lines if line["column_name"] is None]
    for part, title, real in (
        ("fidelity", "how like: distance to the rows learnt from, mean", "real, held out"),
        ("usefulness", "how useful: learnt from these, judged on real rows", "learnt from real"),
        ("privacy", "how private: the closest real row, in mean difference", "held out"),
    ):
        table = Table("measure", "made up, 95 %", f"{real}, 95 %", title=title)
        for line in overall:
            if line["part"] == part:
                table.add_row(line["metric"], _told(line, ""), _told(line, "real"))
        yield table
    yield _farthest(lines)
    yield "copies_…: the share of rows that are copies of real ones, beyond chance; 0 is none"


def _farthest(lines: Sequence[Line]) -> Table:
    table = Table("column", "made up", "real, held out", title="least like, by total variation")
    own = [
        line for line in lines
        if line["column_name"] and not line["other_column"] and line["metric"] == "total_variation"
    ]  # fmt: skip
    for line in sorted(own, key=lambda line: -line["value"])[:_FARTHEST]:
        table.add_row(escape(line["column_name"]), _told(line, ""), _told(line, "real"))
    return table


def _told(line: Line, side: str) -> str:
    value, low, high = (
        line[name] for name in ((side or "value"), f"{side}_low".strip("_"),
                                f"{side}_high".strip("_"))
    )  # fmt: skip
    if value is None:
        return ""
    return f"{value:.4f}" + (f" ({low:.4f} to {high:.4f})" if low is not None else "")
