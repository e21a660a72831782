"""What the commands about features do, and the check of every declaration before a run."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from dataops.features.behaviours import check_behaviours
from dataops.features.installed import FEATURES, MacroSet, check_macros, install_macros
from dataops.features.read import Read, read_features, views_of
from dataops.features.uses import check_training_sets
from dataops.features.views import View, feature_views
from ml.errors import UsageError
from orchestration.models.macros import ML_MACROS
from orchestration.project import Project

FOLDER = "goldloop"


def checked_views(project: Project) -> dict[str, View]:
    """Return the feature views of ``project``; everything said of features must be right.

    Raises UsageError naming what is wrong, with its file.
    """
    check_macros(project.manifest, project.folder)
    check_macros(project.manifest, project.folder, ML_MACROS)
    views = feature_views(project.manifest)
    check_behaviours(project.manifest, views)
    check_training_sets(project.manifest, views)
    return views


def install(folder: Path | None) -> None:
    """Write the macros of features into the project and say what to do with them."""
    install_into(folder, FEATURES)
    Console(soft_wrap=True).print(
        "next: declare a feature view (docs/features.md), then call training_set"
    )


def install_into(folder: Path | None, macros: MacroSet) -> None:
    """Write ``macros`` into the project's first macro folder."""
    project = Project.locate(folder)
    target = project.folder / macro_path(project.folder) / FOLDER
    written = install_macros(target, macros)
    # dbt looks again only at files that changed, not at those whose macros were missing.
    for state in project.folder.glob("target/partial_parse.msgpack"):
        state.unlink()
    for state in project.target.glob("partial_parse.msgpack"):
        state.unlink()
    (project.target / "parsed").unlink(missing_ok=True)
    Console(soft_wrap=True).print(f"{len(written)} files in {target}; commit them with the project")


def get(
    folder: Path | None,
    entity: Sequence[str],
    as_of: str | None,
    named: Sequence[str],
    as_json: bool,
) -> None:
    """Show what the views of the current release say of one entity."""
    keys = _keys(entity)
    moment = _moment(as_of)
    project = Project.locate(folder)
    views = views_of(checked_views(project), keys, named)
    with project.warehouse.read() as connection:
        found = read_features(connection, views, keys, moment)
    console = Console(soft_wrap=True)
    if as_json:
        console.print_json(json.dumps(_document(keys, moment, found), default=str))
        return
    title = ", ".join(f"{name} {value}" for name, value in keys.items())
    table = Table(title=f"{title}, as of {moment:%Y-%m-%d %H:%M %Z}")
    for column in ("view", "feature", "value", "since"):
        table.add_column(column, overflow="fold")
    for read in found:
        for name, value in read.features.items():
            table.add_row(read.view, name, _told(read, value), _told(read, read.event_time))
    console.print(table)


def _document(keys: Mapping[str, str], moment: datetime, found: Sequence[Read]) -> dict[str, Any]:
    return {
        "entity": dict(keys),
        "as_of": moment.isoformat(),
        "views": {
            read.view: {
                "event_time": read.event_time,
                "known_time": read.known_time,
                "features": dict(read.features),
            }
            for read in found
        },
    }


def _told(read: Read, value: Any) -> str:
    return "–" if read.event_time is None else "null" if value is None else str(value)


def _keys(entity: Sequence[str]) -> dict[str, str]:
    pairs = [re.fullmatch(r"([^=]+)=(.*)", text, re.DOTALL) for text in entity]
    for text, pair in zip(entity, pairs, strict=True):
        if pair is None:
            raise UsageError(
                f"--entity is '{text}'; allowed: KEY=VALUE",
                fix="type, for example: goldloop features get --entity customer_id=42",
            )
    return {pair[1]: pair[2] for pair in pairs if pair}


def _moment(as_of: str | None) -> datetime:
    if as_of is None:
        return datetime.now(UTC)
    try:
        given = datetime.fromisoformat(as_of)
    except ValueError as error:
        raise UsageError(
            f"--as-of is '{as_of}'; allowed: a date or a time, such as 2026-01-31 or "
            "2026-01-31T12:00:00+01:00 (UTC unless it says otherwise)",
            fix="correct --as-of",
        ) from error
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def macro_path(folder: Path) -> str:
    """Return the first folder dbt looks for macros in."""
    document = yaml.safe_load((folder / "dbt_project.yml").read_text(encoding="utf-8"))
    paths = document.get("macro-paths") if isinstance(document, dict) else None
    return str(paths[0]) if isinstance(paths, list) and paths else "macros"
