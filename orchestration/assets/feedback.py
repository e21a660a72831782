"""Feedback: models that read, by whatever way, what they are themselves about to tell.

It is refused unless an SQL model on the way declares a lag in time and its SQL keeps it.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dataops.feedback.circles import Lagged, circle_of, find_circle, lagged, spelled
from dataops.feedback.kept import Broken, broken
from dataops.lineage.compiled import compiled_models, relation_of
from dataops.lineage.graph import Lineage
from dataops.lineage.places import Catalog
from dataops.manifest import Manifest
from ml.errors import UsageError
from orchestration.profile import write_profile
from orchestration.project import QUIET, Project, dbt_command

LAGS = "lags"
PAGE = "docs/features.md#feedback"


def check_feedback(project: Project) -> None:
    """Refuse each circle that no lag cuts, and each lag that compiled SQL does not keep.

    Raises UsageError naming the circle, or the model, and what to type. What cannot be said before
    the warehouse is there (types, columns of tables) is looked at again before a training.
    """
    refuse_circles(project.manifest)
    found = lagged(project.manifest.raw)
    stamp = project.target / LAGS / "kept"
    if not found or (stamp.is_file() and stamp.read_text() == project.fingerprint):
        return
    for each in found:
        _check_columns(project.manifest.raw, each)
    if _compile(project, found):
        compiled = compiled_models(project.manifest, [project.target / LAGS])
        _refuse_broken(project.manifest, Lineage(compiled, {}), found, only_sure=True)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(project.fingerprint)


def refuse_circles(manifest: Manifest) -> None:
    """Raise UsageError naming the first circle of SQL and ML models that no lag cuts."""
    raw = manifest.raw
    circle = find_circle(raw)
    if not circle:
        return
    # From who reads the predictions to who tells them, and round.
    start = next((at for at, each in enumerate(circle) if each in raw["sources"]), -1) + 1
    way = [*circle[start:-1], *circle[:start]]
    way.append(way[0])
    file = raw["nodes"].get(way[0], {}).get("original_file_path", "its SQL")
    raise UsageError(
        f"the graph goes in a circle: {' -> '.join(spelled(raw, each) for each in way)}; a "
        "model would learn from what it is about to tell; allowed: predictions of days before",
        fix=f"let a model on the way, such as {file}, read those alone "
        "(<predictions>.as_of_date < <its time>) and declare it "
        f"(config: {{meta: {{feedback: {{lag: <its time>}}}}}}, {PAGE}), or read another table, "
        "then: dbt parse",
    )


def require_lags(
    manifest: Manifest, targets: Sequence[Path], catalog: Catalog, model: str
) -> set[str]:
    """Return the relations of the lagged models in a circle with the ML model ``model``.

    Raises UsageError for one whose SQL, as it was built, does not keep its lag.
    """
    raw = manifest.raw
    circle = circle_of(raw, model)
    found = [each for each in lagged(raw) if each.id in circle] if circle else []
    if not found:
        return set()
    _refuse_broken(
        manifest, Lineage(compiled_models(manifest, targets), catalog), found, only_sure=False
    )
    return {relation_of(raw["nodes"][each.id]) for each in found}


def told_columns(source: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns that a source of predictions declares with their types."""
    columns = source.get("columns", {}).values()
    return {each["name"]: each["data_type"] for each in columns if each.get("data_type")}


def _check_columns(raw: Mapping[str, Any], each: Lagged) -> None:
    """Refuse a source that the first run could not find empty, for its columns are not declared."""
    for id_ in each.sources:
        source = raw["sources"][id_]
        if not source["columns"] or len(told_columns(source)) < len(source["columns"]):
            raise UsageError(
                f"{spelled(raw, each.id)} reads {spelled(raw, id_)} before it is there: the first "
                "run finds it empty, and needs its columns; allowed: every column with a data_type",
                fix=f"declare them in {source['original_file_path']}, then: dbt parse",
            )


def _refuse_broken(
    manifest: Manifest, lineage: Lineage, found: Sequence[Lagged], *, only_sure: bool
) -> None:
    problems = [broken(manifest.raw, lineage, each) for each in found]
    told = [each for each in problems if each and (each.is_sure or not only_sure)]
    if told:
        lines = [_line(manifest.raw, each) for each in told]
        what = lines[0] if len(lines) == 1 else "".join(f"\n  {line}" for line in lines)
        raise UsageError(f"a lag is declared and not kept: {what}", fix=_fix(manifest.raw, told[0]))


def _line(raw: Mapping[str, Any], each: Broken) -> str:
    way = [*reversed(each.lagged.doors), each.lagged.id]
    sources = ", ".join(spelled(raw, id_) for id_ in each.lagged.sources)
    return f"{' -> '.join([sources, *(spelled(raw, id_) for id_ in way)])}: {each.problem}"


def _fix(raw: Mapping[str, Any], each: Broken) -> str:
    file = raw["nodes"][each.lagged.id]["original_file_path"]
    return f"in {file}, or in what it reads, {each.fix} ({PAGE}), then: goldloop run"


def _compile(project: Project, found: Sequence[Lagged]) -> bool:
    """Let dbt compile the lagged models and what they read, with no warehouse at hand.

    What asks the warehouse while it is compiled cannot be: then it is looked at when it is built.
    """
    raw, target = project.manifest.raw, project.target / LAGS
    ids = dict.fromkeys(id_ for each in found for id_ in (*each.doors, each.id))
    names = [".".join(raw["nodes"][id_]["fqn"]) for id_ in ids]
    write_profile(project.folder, project.profiles / LAGS, Path(":memory:"))
    command = [*dbt_command(), "--quiet", "--no-use-colors", "compile", "--no-populate-cache"]
    command += ["--project-dir", str(project.folder), "--select", *names]
    command += ["--profiles-dir", str(project.profiles / LAGS)]
    command += ["--target-path", str(target), "--log-path", str(target)]
    done = subprocess.run(
        command, cwd=project.folder, env=os.environ | QUIET, check=False, capture_output=True
    )
    return done.returncode == 0
