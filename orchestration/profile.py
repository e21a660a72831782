"""The dbt profile a run uses: the project's own, writing to the candidate."""

import os
from pathlib import Path
from typing import Any

import yaml

from ml.errors import UsageError
from orchestration.models.macros import MODULE


def write_profile(folder: Path, out: Path, warehouse: Path) -> None:
    """Write ``out/profiles.yml``: the project's profile with its DuckDB file set to ``warehouse``.

    It names the plugin that trains and asks ML models from SQL, if the project's does not.
    Everything else of the chosen output (threads, settings, attachments, plugins) is kept as the
    project has it. A project without a profile gets a plain one. A profile of another database is
    a :class:`UsageError`.
    """
    name = _profile_name(folder)
    profile = _own_profile(folder, name)
    outputs = profile.get("outputs") or {"dev": {"type": "duckdb", "threads": 4}}
    # A target written in Jinja is not among the outputs as it stands: the first one is taken.
    target = profile["target"] if profile.get("target") in outputs else next(iter(outputs))
    output = outputs[target]
    if output.get("type") != "duckdb":
        raise UsageError(
            f"profile '{name}' of {folder} writes to '{output.get('type')}' (target '{target}'); "
            "allowed: duckdb",
            fix="add a duckdb output to profiles.yml, then: goldloop run",
        )
    output = _with_plugin(output | {"path": str(warehouse)})
    document = {name: {"target": target, "outputs": {target: output}}}
    text = yaml.safe_dump(document, sort_keys=True)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = out / "profiles.yml"
    # An unchanged profile keeps its time: dbt then reuses what it has parsed.
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _with_plugin(output: dict[str, Any]) -> dict[str, Any]:
    named = output.get("plugins") or []
    if any(isinstance(each, dict) and each.get("module") == MODULE for each in named):
        return output
    return output | {"plugins": [*named, {"module": MODULE}]}


def _profile_name(folder: Path) -> str:
    declared = _load(folder / "dbt_project.yml").get("profile")
    if not isinstance(declared, str):
        raise UsageError(
            f"{folder / 'dbt_project.yml'} names no profile",
            fix="add a line such as `profile: my_project`, then: goldloop run",
        )
    return declared


def _own_profile(folder: Path, name: str) -> dict[str, Any]:
    places = [folder, Path(os.environ.get("DBT_PROFILES_DIR") or folder), Path.home() / ".dbt"]
    for place in places:
        path = place / "profiles.yml"
        if path.is_file() and isinstance(found := _load(path).get(name), dict):
            return found
    return {}


def _load(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise UsageError(
            f"{path} is not YAML: {error}", fix="correct it, then: dbt parse"
        ) from error
    return document if isinstance(document, dict) else {}
