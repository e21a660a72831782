"""``goldloop synthetic``: made-up rows made by a run, and their report as a person reads it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ml.errors import PipelineError, UsageError
from ml.synthetic import sets
from ml.synthetic.sets import Made
from orchestration.project import Project
from orchestration.run.commands import run_assets
from orchestration.synthetic.lines import Line, of_columns, overall, told
from orchestration.synthetic.plot import report_plot
from orchestration.synthetic.sets import named_sets, op_of

_FARTHEST = 5


def make_sets(
    folder: Path | None, names: Sequence[str], rows: int | None, wait: float | None
) -> None:
    """Run the assets of the synthetic sets ``names``, or of all, as one release or none.

    Each has ``rows`` rows, or as many as are declared.
    """
    project = Project.locate(folder)
    asked = named_sets(project.manifest, names)
    keys = [[each.relation.schema, each.relation.name] for each in asked]
    ops = {op_of(each.name): {"config": {"rows": rows}} for each in asked} if rows else None
    run_assets(project, keys, ops, wait=wait)


def check_plot(folder: Path | None, names: Sequence[str], plot: Path | None) -> None:
    """Raise UsageError where ``plot`` cannot be drawn: of one set, in a file ending in .svg."""
    if plot is None:
        return
    if plot.suffix != ".svg":
        raise UsageError(
            f"--plot is '{plot}'; allowed: a file ending in .svg", fix="correct --plot"
        )
    asked = named_sets(Project.locate(folder).manifest, names)
    if len(asked) > 1:
        raise UsageError(
            f"--plot draws one set; {len(asked)} are asked for "
            f"({', '.join(each.name for each in asked)})",
            fix=f"type: goldloop synthetic {asked[0].name} --plot {plot}",
        )


def show_sets(
    folder: Path | None, names: Sequence[str], as_json: bool, plot: Path | None = None
) -> None:
    """Show the published report of the synthetic sets ``names``, or of all, and draw it."""
    console = Console(soft_wrap=True, highlight=False)
    found = _published(Project.locate(folder), names)
    if plot is not None:
        plot.parent.mkdir(parents=True, exist_ok=True)
        plot.write_text(report_plot(*found[0]), encoding="utf-8")
    if as_json:
        console.print_json(json.dumps([_document(made, lines) for made, lines in found]))
        return
    for made, lines in found:
        for part in _page(made, lines):
            console.print(part)
    if plot is not None:
        console.print(f"drawn in {plot}")


def _published(project: Project, names: Sequence[str]) -> list[tuple[Made, list[Line]]]:
    """Return the sets of the current release with their reports."""
    asked = named_sets(project.manifest, names)
    with project.warehouse.read() as connection:
        found = [(each.name, sets.last(connection, each.name)) for each in asked]
        missing = [name for name, made in found if made is None]
        if missing:
            raise PipelineError(
                f"synthetic set '{missing[0]}' is in no release yet",
                fix=f"type: goldloop synthetic {missing[0]}",
            )
        return [(made, sets.lines(connection, made)) for _, made in found if made]


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
    for part, title, real in (
        ("fidelity", "how like: distance to the rows learnt from, mean", "real, held out"),
        ("usefulness", "how useful: learnt from these, judged on real rows", "learnt from real"),
        ("privacy", "how private: the closest real row, in mean difference", "held out"),
    ):
        table = Table("measure", "made up, 95 %", f"{real}, 95 %", title=title)
        for line in overall(lines, part):
            table.add_row(line["metric"], told(line, ""), told(line, "real"))
        yield table
    yield _farthest(lines)
    yield "copies_…: the share of rows that are copies of real ones, beyond chance; 0 is none"


def _farthest(lines: Sequence[Line]) -> Table:
    table = Table("column", "made up", "real, held out", title="least like, by total variation")
    for line in of_columns(lines)[:_FARTHEST]:
        table.add_row(escape(line["column_name"]), told(line, ""), told(line, "real"))
    return table
