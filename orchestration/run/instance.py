"""The Dagster instance of a warehouse folder: its runs, events and logs."""

import os
from pathlib import Path

SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
"""


def prepare_instance(home: Path) -> Path:
    """Make ``home/dagster`` the instance of this process and its children; return the folder."""
    folder = home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "dagster.yaml"
    if not settings.exists():
        settings.write_text(SETTINGS, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
    return folder
