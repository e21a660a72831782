"""What `make bench` keeps when only some of it is measured anew."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.__main__ import CASES
from bench.page import PAGE, RESULTS, merge, page


def row(case: str, ratio: float) -> dict[str, Any]:
    facts = {"peer": "a peer", "peer_version": "1.0", "target": 2.0, "n": 1, "runs": 3}
    return {"case": case, "ours": 0.25, "ratio": ratio, "ok": ratio <= 2.0, **facts}


def test_a_module_measured_anew_replaces_its_rows_and_no_others(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    merge("slow", [row("slow: one", 1.5), row("slow: two", 1.0)], results)
    merge("fast", [row("fast: one", 0.5)], results)
    every = merge("slow", [row("slow: one", 3.0)], results)
    today = datetime.now(UTC).date()
    assert page(every, ["fast", "slow"]).splitlines()[-2:] == [
        f"| fast: one | 0.25 | a peer (1.0) | 0.50 | 2.0 | 3 | {today} |",
        f"| slow: one | 0.25 | a peer (1.0) | 3.00 **missed** | 2.0 | 3 | {today} |",
    ]


def test_the_page_shows_every_result_that_is_kept() -> None:
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(kept, CASES)
    for each in kept:
        held = each["ratio"] is not None and each["target"] is not None
        assert each["ok"] == (not held or each["ratio"] <= each["target"]), each
