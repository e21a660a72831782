"""What `make bench` keeps when only some of it is measured anew."""

from pathlib import Path
from typing import Any

from bench.page import merge, write_page


def row(case: str, ratio: float) -> dict[str, Any]:
    facts = {"peer": "a peer", "peer_version": "1.0", "target": 2.0, "n": 1, "runs": 3}
    return {"case": case, "ours": 0.25, "ratio": ratio, "ok": ratio <= 2.0, **facts}


def test_a_module_measured_anew_replaces_its_rows_and_no_others(tmp_path: Path) -> None:
    results, page = tmp_path / "results.json", tmp_path / "performance.md"
    merge("slow", [row("slow: one", 1.5), row("slow: two", 1.0)], results)
    every = merge("fast", [row("fast: one", 0.5)], results)
    assert write_page(every, ["fast", "slow"], page) == []
    every = merge("slow", [row("slow: one", 3.0)], results)
    write_page(every, ["fast", "slow"], page)
    assert page.read_text(encoding="utf-8").splitlines()[-2:] == [
        "| fast: one | 0.25 | a peer (1.0) | 0.50 | 2.0 | 3 |",
        "| slow: one | 0.25 | a peer (1.0) | 3.00 **missed** | 2.0 | 3 |",
    ]


def test_a_page_is_left_alone_by_a_machine_that_has_not_measured_all_of_it(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("as it was", encoding="utf-8")
    every = merge("fast", [row("fast: one", 0.5)], tmp_path / "results.json")
    assert write_page(every, ["fast", "slow"], page) == ["slow"]
    assert page.read_text(encoding="utf-8") == "as it was"
