"""A drift that is declared an error keeps the run from being released, in the real loop."""

from datetime import date
from pathlib import Path

import pytest

from dataops.ledger import Ledger
from tests.conftest import Run
from tests.stranger import write_day, write_stranger

pytestmark = pytest.mark.long

SCORE = "score: {on: visit_features, key: [visit_id], time: visit_date}"
MONITOR = "monitor: {psi: 0.2, window: day, columns: [pages], severity: error}"


def test_a_planted_drift_is_seen_within_one_window_and_nothing_is_released(
    tmp_path: Path, goldloop: Run
) -> None:
    project = write_stranger(tmp_path / "project", visits=40)
    declared = project / "models/purchase.yml"
    assert SCORE in declared.read_text()
    declared.write_text(declared.read_text().replace(SCORE, f"{SCORE}\n          {MONITOR}"))
    first = goldloop("run", project=project)
    assert first.returncode == 0, first.stdout + first.stderr
    release = (project / "warehouse/current").readlink()

    # Thirty-one days, and on the last of them everyone reads a thousand pages.
    day = write_day(project, date(2025, 1, 31), visits=40)
    lines = [line.split(",") for line in day.read_text().splitlines()]
    day.write_text("\n".join(",".join([line[0], "1000", *line[2:]]) if at else ",".join(line)
                             for at, line in enumerate(lines)) + "\n")  # fmt: skip
    second = goldloop("run", project=project)
    assert second.returncode == 1
    assert "check failed: predictions.purchase: monitor_drift" in second.stderr
    assert "feature pages, 2025-01-31, against training: psi " in second.stderr
    assert "goldloop models health purchase" in second.stderr
    assert (project / "warehouse/current").readlink() == release

    told = goldloop("status", project=project)
    assert "monitor_drift" in told.stdout + told.stderr
    checks = Ledger(project / "warehouse/ledger").events(kind="check")
    drift = [each.outcome for each in checks if each.name == "monitor_drift"]
    assert drift == ["passed", "failed"]
