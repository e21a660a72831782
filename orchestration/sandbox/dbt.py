"""dbt as it works in a sandbox: its profile, its environment, and what it says."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from dataops.artifacts import RUN_RESULTS
from dataops.sandbox import Sandbox
from dataops.sandbox.base import BASE, RELEASE
from dataops.sandbox.state import SANDBOX
from ml.errors import PipelineError
from orchestration.assets.sql_trained import SMOKE, STRICT
from orchestration.profile import write_profile
from orchestration.project import QUIET, Project, dbt_command

# The sandbox of `goldloop ci`.
CI = "_ci"
FAILED = ("error", "fail", "runtime error")
ENV = """\
# In a shell:  source {path}
# Then dbt works in sandbox '{name}' and reads what is not built there from release {release}:
#   dbt build --select state:modified+
{exports}
"""


def write_settings(project: Project, sandbox: Sandbox) -> None:
    """Write the sandbox's ``profiles.yml`` and ``env``."""
    write_profile(project.folder, sandbox.folder, sandbox.file)
    path = sandbox.folder / "profiles.yml"
    path.write_text(_in_sandbox(path.read_text(encoding="utf-8"), sandbox), encoding="utf-8")
    settings = environment(project, sandbox) | QUIET
    exports = "\n".join(f"export {key}={shlex.quote(value)}" for key, value in settings.items())
    text = ENV.format(path=sandbox.env, name=sandbox.name, release=sandbox.release, exports=exports)
    sandbox.env.write_text(text, encoding="utf-8")


def environment(project: Project, sandbox: Sandbox) -> dict[str, str]:
    """Return what dbt is told through the environment.

    Without ``favor-state``: what the sandbox has built is read before what the release has.
    """
    return {
        "DBT_PROJECT_DIR": str(project.folder),
        "DBT_PROFILES_DIR": str(sandbox.folder),
        "DBT_TARGET_PATH": str(sandbox.target),
        "DBT_LOG_PATH": str(sandbox.folder / "logs"),
        "DBT_STATE": str(sandbox.state),
        "DBT_DEFER": "true",
        "DBT_FAVOR_STATE": "false",
    }


def select(project: Project, sandbox: Sandbox, selection: str) -> list[str]:
    """Return the unique ids that dbt's ``selection`` means, and leave the manifest in the target.

    Raises PipelineError with what dbt says of a project it cannot parse.
    """
    arguments = ["ls", "--output", "json", "--output-keys", "unique_id", "--select", selection]
    done = _run(project, sandbox, arguments)
    if done.returncode:
        raise PipelineError(
            f"dbt cannot read the project for sandbox {sandbox.name}:\n{_said(done)}",
            fix="correct what it names, then: dbt parse",
        )
    lines = (line for line in done.stdout.splitlines() if line.startswith("{"))
    return [json.loads(line)["unique_id"] for line in lines]


def build(
    project: Project, sandbox: Sandbox, names: Sequence[str], *, smoke: bool, strict: bool
) -> Mapping[str, int]:
    """Build the nodes ``names`` (dbt's names for them) and return how many ended in each status.

    A ``smoke`` test reads nothing of the release, and lets every ML model tell; ``strict`` fails on
    a version that misses its criteria.
    Raises PipelineError naming every node that failed.
    """
    results = sandbox.target / RUN_RESULTS
    results.unlink(missing_ok=True)
    arguments = ["build", "--indirect-selection", "empty", "--select", *names]
    done = _run(project, sandbox, arguments, smoke=smoke, strict=strict)
    nodes = json.loads(results.read_text(encoding="utf-8"))["results"] if results.is_file() else []
    failed = [node for node in nodes if node["status"] in FAILED]
    if failed or done.returncode:
        lines = [f"{node['unique_id']}: {str(node['message']).strip()}" for node in failed]
        told = "\n".join(lines) or _said(done)
        raise PipelineError(
            f"dbt build failed in sandbox {sandbox.name}:\n{told}",
            fix=f"correct it, then: {_again(sandbox)}",
        )
    statuses = [node["status"] for node in nodes]
    return {status: statuses.count(status) for status in sorted(set(statuses))}


def _run(
    project: Project,
    sandbox: Sandbox,
    arguments: Sequence[str],
    *,
    smoke: bool = False,
    strict: bool = False,
) -> subprocess.CompletedProcess[str]:
    settings = environment(project, sandbox) | QUIET | {"DBT_DEFER": str(not smoke).lower()}
    settings |= {name: "1" for name, asked in ((SMOKE, smoke), (STRICT, strict)) if asked}
    command = [*dbt_command(), "--quiet", "--no-use-colors", *arguments]
    return subprocess.run(
        command, cwd=project.folder, env=os.environ | settings, capture_output=True, text=True
    )


def _again(sandbox: Sandbox) -> str:
    return "goldloop ci" if sandbox.name == CI else f"goldloop sandbox build {sandbox.name}"


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout.strip() or done.stderr.strip()


def _in_sandbox(text: str, sandbox: Sandbox) -> str:
    """Return the profile with one output, ``sandbox``, that has base and release attached."""
    ((name, profile),) = yaml.safe_load(text).items()
    output: dict[str, Any] = dict(profile["outputs"][profile["target"]])
    # dbt-duckdb holds a database that is named against the file's name.
    output.pop("database", None)
    attached = [
        {"path": str(path), "alias": alias, "read_only": True}
        for path, alias in ((sandbox.base, BASE), (sandbox.release_file, RELEASE))
    ]
    output["attach"] = [*(output.get("attach") or []), *attached]
    document = {name: {"target": SANDBOX, "outputs": {SANDBOX: output}}}
    return yaml.safe_dump(document, sort_keys=True)
