"""Going back to a release: readers follow, the next run starts there, damage is refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from dataops.warehouse import Warehouse
from ml.errors import PipelineError, UsageError
from tests.unit.warehouse.published import NOW, outcomes, publish, read, write


def test_a_rollback_points_readers_at_the_release_before_and_is_told(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    first = publish(warehouse, "run-one", 1)
    second = publish(warehouse, "run-two", 2, second=1)
    assert warehouse.rollback() == first
    assert (read(warehouse), warehouse.release) == (1, first.id)
    assert warehouse.rollback(to=second.id[:-2]) == second
    assert read(warehouse) == 2
    assert outcomes(warehouse)[2:] == [("rolled_back", first.id), ("rolled_back", second.id)]
    [*_, last] = warehouse.ledger.events(kind="release")
    assert last.parent == first.id


def test_after_a_rollback_the_next_run_starts_from_the_release_gone_back_to(
    tmp_path: Path,
) -> None:
    warehouse = Warehouse(tmp_path)
    first = publish(warehouse, "run-one", 1)
    publish(warehouse, "run-two", 2, second=1)
    warehouse.rollback()
    third = publish(warehouse, "run-three", 3, second=2)
    assert (third.parent, third.number) == (first.id, 3)


def test_a_run_is_not_published_over_a_rollback_that_happened_meanwhile(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    first = publish(warehouse, "run-one", 1)
    publish(warehouse, "run-two", 2, second=1)
    candidate = warehouse.open("run-three")
    write(warehouse, 3)
    warehouse.rollback()
    with pytest.raises(PipelineError, match="would undo what happened since"):
        candidate.publish({}, NOW + timedelta(seconds=2))
    candidate.quarantine(["parent"], NOW)
    assert (read(warehouse), warehouse.release) == (1, first.id)


@pytest.mark.parametrize(
    ("to", "problem"),
    [("nothing", "names no release"), ("2", "names several"), (None, "no release before")],
)
def test_a_rollback_to_no_single_release_says_which_there_are(
    tmp_path: Path, to: str | None, problem: str
) -> None:
    warehouse = Warehouse(tmp_path)
    publish(warehouse, "run-one", 1)
    if to:
        publish(warehouse, "run-two", 2, second=1)
    with pytest.raises(UsageError, match=problem):
        warehouse.rollback(to=to)


def test_a_rollback_to_a_damaged_release_is_refused(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    first = publish(warehouse, "run-one", 1)
    publish(warehouse, "run-two", 2, second=1)
    first.file.chmod(0o644)
    with first.file.open("r+b") as handle:
        handle.truncate(5000)
    with pytest.raises(PipelineError, match=r"damaged: warehouse.duckdb has 5,000 bytes"):
        warehouse.rollback()
    assert read(warehouse) == 2


def test_a_lost_link_is_named_and_a_run_does_not_start_from_nothing(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    release = publish(warehouse, "run-one", 1)
    (tmp_path / "current").unlink()
    with pytest.raises(PipelineError, match=f"goldloop rollback --to {release.id}"):
        warehouse.open("run-two")
    with pytest.raises(PipelineError, match="is missing, while releases are there"):
        warehouse.read()
    assert warehouse.rollback(to=release.id) == release
    assert read(warehouse) == 1
