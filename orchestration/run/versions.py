"""Which code a run was made with."""

import subprocess
from pathlib import Path


def code_version(folder: Path) -> str:
    """Return the git commit of ``folder``, with ``+`` when files differ from it, or ``unknown``."""
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+" if changed else commit


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
