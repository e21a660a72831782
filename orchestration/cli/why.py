"""The command line about one score and about one version: why, export."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Against(StrEnum):
    """What the newest score is compared with first."""

    DATE = "date"
    RUN = "run"


AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Name = Annotated[str, typer.Argument(help="The ML model.")]


def why(
    context: typer.Context,
    name: Name,
    key: Annotated[
        list[str],
        typer.Option("--key", help="The row: its key, or col=value for each column of it."),
    ],
    date: Annotated[
        str | None, typer.Option(help="The as_of_date, 2026-01-31. Default: the newest.")
    ] = None,
    against: Annotated[
        Against, typer.Option(help="The score before: of an earlier date, or of an earlier run.")
    ] = Against.DATE,
    as_json: AsJson = False,
) -> None:
    """Tell what made a score, and why it moved since the run before."""
    from orchestration.models.why import show_why

    show_why(context.obj, name, key, date, against.value, as_json)


def export(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The ML model, or a version of it: NAME@7.")],
    to: Annotated[str, typer.Option("--to", help="sql or onnx.")],
    output: Annotated[
        Path | None, typer.Option(help="The file. Default: target/exports/NAME@7.sql.")
    ] = None,
) -> None:
    """Write a version for another engine, if it tells there what it tells here."""
    from orchestration.models.export import write_export

    write_export(context.obj, name, to, output)


def register(models: typer.Typer) -> None:
    """Add the commands of this module to ``models``."""
    models.command()(why)
    models.command()(export)
