"""The cases of ``python -m tests.soak`` with few tries."""

from pathlib import Path

import pytest

from tests.soak import content, damage, kills, machine, mounts, readers
from tests.soak.result import Result

# Whole runs that are killed take minutes: `python -m tests.soak kill_runs`.
FEW = {
    kills.kill_steps: 4,
    kills.kill_moments: 3,
    readers.readers: 5,
    readers.rivals: 6,
    damage.full_disk: 5,
    damage.read_only: 2,
    damage.damaged: 4,
    machine.machine: 3,
}


@pytest.mark.parametrize(
    ("case", "tries"), FEW.items(), ids=lambda each: getattr(each, "__name__", "")
)
def test_the_warehouse_survives(case, tries: int, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    try:
        result: Result = case(tmp_path, tries)
    except mounts.Skipped as reason:
        pytest.skip(str(reason))
    assert result.found == []
    assert result.tried == result.survived >= tries


def test_a_table_of_another_run_is_told_from_a_whole_release(tmp_path: Path) -> None:
    import duckdb

    file = tmp_path / "warehouse.duckdb"
    content.write(file, "one", rows=10)
    assert content.read_file(file) == "one"
    with duckdb.connect(str(file)) as connection:
        connection.execute("update gold.facts set run = 'two' where n = 3")
        with pytest.raises(ValueError, match="not of one run"):
            content.read(connection)
